package dynamodb

import (
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// Names of the AWS-JSON 1.0 protocol.
const (
	targetHeader = "X-Amz-Target"
	targetPrefix = "DynamoDB_20120810."
	contentType  = "application/x-amz-json-1.0"
)

// maxRequest is the largest request that DynamoDB reads, in bytes.
const maxRequest = 16 << 20

// operations are the implemented operations. Each is called with the database locked,
// and returns the body of the response or a *fault.
var operations = map[string]func(*Database, *request) ([]byte, error){
	"GetItem":            (*Database).getItem,
	"PutItem":            (*Database).writeItem,
	"UpdateItem":         (*Database).writeItem,
	"DeleteItem":         (*Database).writeItem,
	"Query":              (*Database).query,
	"Scan":               (*Database).scan,
	"TransactWriteItems": (*Database).transactWriteItems,
	"DescribeTable":      (*Database).describeTable,
}

// Operation returns the name of the request's operation, such as "UpdateItem", or "" if
// it is not a request to DynamoDB.
func Operation(r *http.Request) string {
	operation, ok := strings.CutPrefix(r.Header.Get(targetHeader), targetPrefix)
	if !ok {
		return ""
	}
	return operation
}

// ServeHTTP answers one AWS-JSON request. Signatures are not checked.
func (db *Database) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := db.answer(r)
	status := http.StatusOK
	if err != nil {
		var f *fault
		if !errors.As(err, &f) {
			panic(fmt.Sprintf("dynamodb: an error that is not a fault: %v", err))
		}
		status, body = http.StatusBadRequest, f.append(nil)
	}
	header := w.Header()
	header.Set("Content-Type", contentType)
	header.Set("Content-Length", strconv.Itoa(len(body)))
	header.Set("X-Amz-Crc32", strconv.FormatUint(uint64(crc32.ChecksumIEEE(body)), 10))
	header.Set("X-Amzn-Requestid", fmt.Sprintf("%052d", db.served.Add(1)))
	w.WriteHeader(status)
	// An error here means that the client has disconnected, so nobody can receive it.
	_, _ = w.Write(body)
}

func (db *Database) answer(r *http.Request) ([]byte, error) {
	operation := Operation(r)
	perform := operations[operation]
	if perform == nil || r.Method != http.MethodPost {
		return nil, notImplemented("the operation " + strconv.Quote(operation))
	}
	body, err := readBody(r)
	if err != nil {
		return nil, err
	}
	q, err := decode(operation, body)
	if err != nil {
		return nil, err
	}
	db.mu.Lock()
	defer db.mu.Unlock()
	return perform(db, q)
}

func readBody(r *http.Request) ([]byte, error) {
	if r.Body == nil {
		return nil, malformed("The request has no body")
	}
	var body bytes.Buffer
	if r.ContentLength > 0 && r.ContentLength <= maxRequest {
		body.Grow(int(r.ContentLength) + bytes.MinRead)
	}
	if _, err := body.ReadFrom(io.LimitReader(r.Body, maxRequest+1)); err != nil {
		return nil, malformed("The request's body cannot be read: %s", err)
	}
	if body.Len() > maxRequest {
		return nil, malformed("The request is larger than %d bytes", maxRequest)
	}
	return body.Bytes(), nil
}
