// Package dynamodb is a small, strict Amazon DynamoDB in memory, for tests and
// simulations: a Database is an http.Handler that answers the AWS-JSON 1.0
// requests of the real SDK clients.
//
// It knows the operations GetItem, PutItem, UpdateItem, DeleteItem, Query, Scan,
// TransactWriteItems and DescribeTable, on tables whose keys are strings. An
// operation or a parameter that it does not know is refused with an
// UnknownOperationException that names it, also where DynamoDB itself would
// ignore a parameter it does not know.
//
// What it knows it keeps to as DynamoDB does: the expression language with its
// reserved words and its refusals of anything unused, undefined, redundant or
// overlapping; exact decimal numbers; the size limits of items, keys,
// expressions, pages and transactions; the idempotency of transaction tokens.
// Messages are those of DynamoDB without the prefix "1 validation error
// detected: ", which some regions put before them and others do not.
//
// It differs from DynamoDB in three ways. Every read is consistent. No request
// is ever throttled and no transaction conflicts with another, because one
// mutex orders them all. And an expired item is deleted only by Sweep.
package dynamodb
