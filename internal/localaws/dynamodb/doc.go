// Package dynamodb is a small, strict, in-memory Amazon DynamoDB for tests and
// simulations. A Database is an http.Handler that answers the AWS-JSON 1.0 requests of
// the real SDK clients.
//
// It implements the operations GetItem, PutItem, UpdateItem, DeleteItem, Query, Scan,
// TransactWriteItems and DescribeTable, on tables whose keys are strings. It rejects an
// unknown operation or parameter with an UnknownOperationException that names it, even
// where DynamoDB itself would ignore the parameter.
//
// It follows DynamoDB's rules for: the expression language, with its reserved words and
// its errors for anything unused, undefined, redundant or overlapping; exact decimal
// numbers; the size limits of items, keys, expressions, pages and transactions; and the
// idempotency of transaction tokens. Messages are those of DynamoDB. Only those about
// violated constraints of the API model begin with "1 validation error detected: ",
// which some regions add to other messages too.
//
// It differs from DynamoDB in three ways. Every read is consistent. No request is ever
// throttled and no transaction conflicts with another, because one mutex orders them
// all. Only Sweep deletes expired items.
package dynamodb
