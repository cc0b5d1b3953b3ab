package dynamodb_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"regexp"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/localaws/dynamodb"
)

// world is a database with its own clock and a real SDK client.
type world struct {
	*sdk.Client
	db    *dynamodb.Database
	clock *clock
}

type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// newWorld returns a world with two tables: "records" has the keys pk and sk and the
// TTL attribute expiresAt; "plain" has only the key id.
func newWorld() *world {
	c := &clock{now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	db := dynamodb.New(c.Now)
	db.CreateTable("records", "pk", "sk", "expiresAt")
	db.CreateTable("plain", "id", "", "")
	return &world{client(db), db, c}
}

func client(handler http.Handler) *sdk.Client {
	return sdk.New(sdk.Options{
		Region:           "us-east-1",
		BaseEndpoint:     aws.String("http://dynamodb.local"),
		HTTPClient:       transport{handler},
		RetryMaxAttempts: 1,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "AKID", SecretAccessKey: "secret"}, nil
		}),
	})
}

// transport calls the handler without a network.
type transport struct{ handler http.Handler }

func (t transport) Do(r *http.Request) (*http.Response, error) {
	w := &response{header: http.Header{}}
	t.handler.ServeHTTP(w, r)
	return &http.Response{
		StatusCode: w.status,
		Header:     w.header,
		Body:       io.NopCloser(&w.body),
		Request:    r,
	}, nil
}

type response struct {
	status int
	header http.Header
	body   bytes.Buffer
}

func (w *response) Header() http.Header         { return w.header }
func (w *response) WriteHeader(status int)      { w.status = status }
func (w *response) Write(p []byte) (int, error) { return w.body.Write(p) }

type attributes = map[string]types.AttributeValue

func text(s string) types.AttributeValue       { return &types.AttributeValueMemberS{Value: s} }
func number(n string) types.AttributeValue     { return &types.AttributeValueMemberN{Value: n} }
func strings(s ...string) types.AttributeValue { return &types.AttributeValueMemberSS{Value: s} }
func numbers(n ...string) types.AttributeValue { return &types.AttributeValueMemberNS{Value: n} }
func document(m attributes) types.AttributeValue {
	return &types.AttributeValueMemberM{Value: m}
}
func list(l ...types.AttributeValue) types.AttributeValue {
	return &types.AttributeValueMemberL{Value: l}
}

// key returns a key of the table "records".
func key(pk, sk string) attributes { return attributes{"pk": text(pk), "sk": text(sk)} }

// sample returns an item with an attribute of every type.
func sample() attributes {
	return attributes{
		"pk": text("p"), "sk": text("s"),
		"s": text("hello"), "n": number("5"), "bin": &types.AttributeValueMemberB{Value: []byte("abc")},
		"yes": &types.AttributeValueMemberBOOL{Value: true}, "nil": &types.AttributeValueMemberNULL{Value: true},
		"m":  document(attributes{"a": text("A"), "d": document(attributes{"e": number("7")})}),
		"l":  list(number("1"), text("x"), document(attributes{"q": number("2")})),
		"ss": strings("a", "b", "c"), "ns": numbers("1", "2.5"),
		"bs": &types.AttributeValueMemberBS{Value: [][]byte{[]byte("x"), []byte("y")}},
	}
}

// samples are the values of the placeholders in the tests' expressions.
var samples = attributes{
	":one": number("1"), ":n": number("5"), ":n6": number("6.0"), ":s": text("hello"), ":he": text("he"),
	":t": &types.AttributeValueMemberBOOL{Value: true}, ":nil": &types.AttributeValueMemberNULL{Value: true},
	":bin": &types.AttributeValueMemberB{Value: []byte("bc")}, ":m": document(attributes{"x": text("y")}),
	":l": list(text("new")), ":ss": strings("z", "a"), ":abc": strings("c", "b", "a"), ":ns": numbers("9", "1.0"),
	":S": text("S"), ":NS": text("NS"),
}

var (
	reference = regexp.MustCompile(`:\w+`)
	alias     = regexp.MustCompile(`#\w+`)
)

// valuesFor returns the sample values that the expression refers to.
func valuesFor(expression string) attributes {
	var picked attributes
	for _, name := range reference.FindAllString(expression, -1) {
		if v, ok := samples[name]; ok {
			if picked == nil {
				picked = attributes{}
			}
			picked[name] = v
		}
	}
	return picked
}

// namesFor maps #n to n and so on, for every alias but #undefined.
func namesFor(expression string) map[string]string {
	var picked map[string]string
	for _, name := range alias.FindAllString(expression, -1) {
		if name != "#undefined" {
			if picked == nil {
				picked = map[string]string{}
			}
			picked[name] = name[1:]
		}
	}
	return picked
}

// put stores the item in "records".
func (w *world) put(t *testing.T, item attributes) {
	t.Helper()
	_, err := w.PutItem(t.Context(), &sdk.PutItemInput{TableName: aws.String("records"), Item: item})
	require.NoError(t, err)
}

// stored returns every item of "records" as DynamoDB's JSON.
func (w *world) stored() []string {
	var items []string
	for _, it := range w.db.Items("records") {
		items = append(items, it.String())
	}
	return items
}

// requireRefused requires that err is a validation error with this message.
func requireRefused(t *testing.T, err error, message string) {
	t.Helper()
	var refusal smithy.APIError
	require.ErrorAs(t, err, &refusal)
	require.Equal(t, "ValidationException", refusal.ErrorCode())
	require.Equal(t, message, refusal.ErrorMessage())
}
