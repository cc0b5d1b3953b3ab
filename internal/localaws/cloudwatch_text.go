package localaws

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/smithy-go/encoding/cbor"
)

// CloudWatch speaks three protocols, and its clients choose: the Go SDK takes RPC
// v2 with CBOR, the aws command AWS-JSON or, where it is older, Query. An operation
// here takes and gives CBOR's values; this file reads and writes them as text.

const (
	cloudwatchTarget    = "GraniteServiceVersion20100801"
	cloudwatchNamespace = "http://monitoring.amazonaws.com/doc/2010-08-01/"
	formType            = "application/x-www-form-urlencoded"
)

// understandCloudWatchJSON finds the operation in X-Amz-Target.
func (c *Cloud) understandCloudWatchJSON(asked request) operation {
	members, err := jsonMembers(asked.body)
	op := c.cloudwatch(targetOf(asked), members)
	if err != nil {
		return op.refused(err)
	}
	return op.rewritten(func(body cbor.Map) ([]byte, error) { return json.Marshal(jsonValue(body)) })
}

// understandQuery finds the operation in the form's Action. CloudWatch is the only
// service here that is spoken to in this way.
func (c *Cloud) understandQuery(asked request) operation {
	form, err := url.ParseQuery(string(asked.body))
	name := form.Get("Action")
	if service := serviceInScope(asked.header.Get("Authorization")); service != "monitoring" {
		return operation{action: name, resource: "*"}.refused(notImplemented(service, name))
	}
	op := c.cloudwatch(name, formMembers(form))
	if err != nil {
		return op.refused(failure(http.StatusBadRequest, "MalformedQueryString", "%s", err))
	}
	return op.rewritten(func(body cbor.Map) ([]byte, error) { return queryAnswer(name, body) })
}

// rewritten is the operation with its answer written in another way.
func (o operation) rewritten(write func(cbor.Map) ([]byte, error)) operation {
	run := o.run
	o.run = func(ctx context.Context, now time.Time) (reply, error) {
		answered, err := run(ctx, now)
		if err != nil {
			return reply{}, err
		}
		members, _ := answered.body.(cbor.Map)
		if answered.body, err = write(members); err != nil {
			return reply{}, fmt.Errorf("write the answer: %w", err)
		}
		return answered, nil
	}
	return o
}

// serviceInScope is the service in the scope of a SigV4 signature:
// "Credential=ID/20261201/us-east-1/monitoring/aws4_request".
func serviceInScope(authorization string) string {
	_, credential, _ := strings.Cut(authorization, "Credential=")
	scope := strings.Split(credential, "/")
	if len(scope) < 5 {
		return ""
	}
	return scope[3]
}

// jsonMembers reads a request in AWS-JSON.
func jsonMembers(body []byte) (cbor.Map, error) {
	if len(body) == 0 {
		return cbor.Map{}, nil
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	var read map[string]any
	if err := decoder.Decode(&read); err != nil {
		return nil, failure(http.StatusBadRequest, "SerializationException", "%s", err)
	}
	members, _ := cborValue(read).(cbor.Map)
	return members, nil
}

// cborValue is a JSON value as CBOR's.
func cborValue(v any) cbor.Value {
	switch v := v.(type) {
	case string:
		return cbor.String(v)
	case bool:
		return cbor.Bool(v)
	case json.Number:
		return number(v.String())
	case []any:
		list := make(cbor.List, len(v))
		for i, item := range v {
			list[i] = cborValue(item)
		}
		return list
	case map[string]any:
		members := cbor.Map{}
		for name, value := range v {
			if value != nil { // a member that is null is not given
				members[name] = cborValue(value)
			}
		}
		return members
	}
	return &cbor.Nil{}
}

// number is a number as CBOR's, or the text if it is none.
func number(text string) cbor.Value {
	if n, err := strconv.ParseUint(text, 10, 64); err == nil {
		return cbor.Uint(n)
	}
	if f, err := strconv.ParseFloat(text, 64); err == nil {
		return cbor.Float64(f)
	}
	return cbor.String(text)
}

// jsonValue is a CBOR value as encoding/json writes it.
func jsonValue(v cbor.Value) any {
	switch v := v.(type) {
	case cbor.Map:
		members := map[string]any{}
		for name, value := range v {
			members[name] = jsonValue(value)
		}
		return members
	case cbor.List:
		list := make([]any, len(v))
		for i, item := range v {
			list[i] = jsonValue(item)
		}
		return list
	case *cbor.Tag: // a time: seconds since the epoch, as in JSON
		return v.Value
	}
	return v
}

// formMembers reads a Query request: a list's items are Name.member.1 and so on.
func formMembers(form url.Values) cbor.Map {
	members := cbor.Map{}
	for _, name := range slices.Sorted(maps.Keys(form)) {
		member, index, isItem := strings.Cut(name, ".member.")
		switch {
		case name == "Action" || name == "Version":
		case !isItem:
			members[name] = formValue(name, form.Get(name))
		default:
			list, _ := members[member].(cbor.List)
			place, err := strconv.Atoi(index)
			if err != nil || place < 1 || place > mostAlarmNames+1 {
				members[name] = cbor.String(form.Get(name)) // no operation knows such a member
				continue
			}
			for len(list) < place {
				list = append(list, cbor.String(""))
			}
			list[place-1] = cbor.String(form.Get(name))
			members[member] = list
		}
	}
	return members
}

// formValue is the value of a member, all of which are texts in a form.
func formValue(name, text string) cbor.Value {
	if name == "MaxRecords" {
		return number(text)
	}
	return cbor.String(text)
}

// queryAnswer writes an answer in XML.
func queryAnswer(name string, body cbor.Map) ([]byte, error) {
	var text bytes.Buffer
	fmt.Fprintf(&text, "<%sResponse xmlns=%q>", name, cloudwatchNamespace)
	if len(body) > 0 {
		if err := writeXML(&text, name+"Result", body); err != nil {
			return nil, err
		}
	}
	fmt.Fprintf(&text, "<ResponseMetadata><RequestId>local</RequestId></ResponseMetadata></%sResponse>", name)
	return text.Bytes(), nil
}

// writeXML writes a value as an element.
func writeXML(to *bytes.Buffer, element string, v cbor.Value) error {
	fmt.Fprintf(to, "<%s>", element)
	defer fmt.Fprintf(to, "</%s>", element)
	switch v := v.(type) {
	case cbor.Map:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			if err := writeXML(to, name, v[name]); err != nil {
				return err
			}
		}
		return nil
	case cbor.List:
		for _, item := range v {
			if err := writeXML(to, "member", item); err != nil {
				return err
			}
		}
		return nil
	case *cbor.Tag: // a time
		seconds, ok := v.Value.(cbor.Float64)
		if !ok {
			return fmt.Errorf("a time that is a %T", v.Value)
		}
		_, err := to.WriteString(time.UnixMilli(int64(float64(seconds) * 1e3)).UTC().Format("2006-01-02T15:04:05.000Z"))
		return err
	}
	return xml.EscapeText(to, fmt.Append(nil, v))
}

// queryCompatibleWire is AWS-JSON of a service that was a Query service: the
// error's code is in X-Amzn-Query-Error, too (Smithy's awsQueryCompatible trait).
type queryCompatibleWire struct{ jsonWire }

func (w queryCompatibleWire) response(result reply, err error) (response, error) {
	answered, lost := w.jsonWire.response(result, err)
	var refused *APIError
	if errors.As(err, &refused) {
		answered.header.Set("X-Amzn-Query-Error", refused.Code+";"+faultOf(refused))
	}
	return answered, lost
}

// queryWire is the Query protocol. What succeeded is written already.
type queryWire struct{}

func (queryWire) response(result reply, err error) (response, error) {
	var refused *APIError
	switch {
	case errors.As(err, &refused):
	case err != nil:
		return response{}, err
	default:
		answered := start(result, "text/xml")
		answered.body, _ = result.body.([]byte)
		return answered, nil
	}
	answered := start(reply{status: refused.StatusCode, errorCode: refused.Code}, "text/xml")
	var text bytes.Buffer
	fmt.Fprintf(&text, "<ErrorResponse xmlns=%q><Error><Type>%s</Type><Code>", cloudwatchNamespace, faultOf(refused))
	_ = xml.EscapeText(&text, []byte(refused.Code)) // a Buffer takes everything
	text.WriteString("</Code><Message>")
	_ = xml.EscapeText(&text, []byte(refused.Message))
	text.WriteString("</Message></Error><RequestId>local</RequestId></ErrorResponse>")
	answered.body = text.Bytes()
	return answered, nil
}

// faultOf is whose fault an error is, in the words of Query.
func faultOf(refused *APIError) string {
	if refused.StatusCode >= http.StatusInternalServerError {
		return "Receiver"
	}
	return "Sender"
}
