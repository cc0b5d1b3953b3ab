package proof

import (
	"bytes"
	"io"
	"net/http"
	"regexp"
	"strings"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/world"
)

// Calls on their way from a Lambda to AWS, which a guard's absence changes or answers.

// interceptor may change a call of a Lambda on its way, or answer it.
type interceptor = func(w *world.World, actor string, r *http.Request) (*http.Response, error)

// wireCall is a call on its way from a Lambda to AWS.
type wireCall struct {
	actor     string
	operation string // of an AWS-JSON call, as in UpdateItem; else the HTTP method
	path      string
	header    http.Header
	body      map[string]any // nil for CloudWatch, whose clients speak CBOR, and for XML
	text      string         // the body of any call
	changed   bool
}

// readBody is the text of a request, which can still be read afterwards.
func readBody(request *http.Request) ([]byte, error) {
	if request.Body == nil {
		return nil, nil
	}
	text, err := io.ReadAll(request.Body)
	setBody(request, text)
	return text, err
}

func setBody(request *http.Request, text []byte) {
	request.Body, request.ContentLength = io.NopCloser(bytes.NewReader(text)), int64(len(text))
}

// signFor signs the call for another region.
func (c *wireCall) signFor(region string) {
	c.header.Set("Authorization", credentialRegion.ReplaceAllString(c.header.Get("Authorization"), "${1}"+region+"/"))
}

var credentialRegion = regexp.MustCompile(`(Credential=[^/]*/[^/]*/)[^/]*/`)

func (c *wireCall) updatesAlias() bool {
	return c.operation == http.MethodPut && strings.Contains(c.path, "/aliases/")
}

func (c *wireCall) deletesAlias() bool {
	return c.operation == http.MethodDelete && strings.Contains(c.path, "/aliases/")
}

// anItem is a condition that every item fulfils.
const anItem = "attribute_exists(" + flow.LedgerPartitionKey + ")"

// unconditional lets a condition hold whatever is there.
func (c *wireCall) unconditional(write map[string]any) {
	if condition, has := write["ConditionExpression"].(string); has {
		write["ConditionExpression"] = "(" + condition + ") OR " + anItem + " OR NOT " + anItem
		c.changed = true
	}
}

// writes are the parts of a transaction, by their kind.
func (c *wireCall) writes(kind string) []map[string]any {
	var list []map[string]any
	items, _ := c.body["TransactItems"].([]any)
	for _, i := range items {
		if write, is := i.(map[string]any)[kind].(map[string]any); is {
			list = append(list, write)
		}
	}
	return list
}

func attribute(item any, name string) string {
	attributes, _ := item.(map[string]any)
	value, _ := attributes[name].(map[string]any)
	text, _ := value["S"].(string)
	return text
}

// weights are those that an UpdateAlias asks for.
func (c *wireCall) weights() map[string]any {
	routing, _ := c.body["RoutingConfig"].(map[string]any)
	weights, _ := routing["AdditionalVersionWeights"].(map[string]any)
	return weights
}

// relax lets a part of a write's condition hold whatever is there.
func (c *wireCall) relax(write map[string]any, part *regexp.Regexp) {
	condition, _ := write["ConditionExpression"].(string)
	if relaxed := part.ReplaceAllString(condition, "${0} OR "+anItem); relaxed != condition {
		write["ConditionExpression"], c.changed = relaxed, true
	}
}

// stored is a string as DynamoDB writes it.
type stored struct{ S string }

const noItems = `{"Items":[],"Count":0,"ScannedCount":0}`

func nothing(body string) *http.Response {
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body))}
}
