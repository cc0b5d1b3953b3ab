package localaws

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"
)

const ssmService = "ssm"

// The types of a parameter (ParameterType in Systems Manager's API model).
const (
	PlainParameter  = "String"
	SecureParameter = "SecureString"
)

// Parameter is a parameter of the Parameter Store.
type Parameter struct {
	Name  string
	Type  string // PlainParameter if it is empty
	Value string
}

// parameter is a Parameter as it is stored.
type parameter struct {
	Parameter
	version  int
	modified time.Time
}

// PutParameter makes a parameter, or gives it another value. It takes values that
// are longer than AWS stores, so that their readers can be tested.
func (c *Cloud) PutParameter(p Parameter) {
	if p.Type == "" {
		p.Type = PlainParameter
	}
	now := c.config.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	version := 1
	if before := c.parameters[p.Name]; before != nil {
		version = before.version + 1
	}
	c.parameters[p.Name] = &parameter{Parameter: p, version: version, modified: now}
}

// getParameterInput is GetParameter's request.
type getParameterInput struct {
	Name           string
	WithDecryption bool
}

// parameterOutput is a parameter on the wire.
type parameterOutput struct {
	ARN              string
	DataType         string
	LastModifiedDate json.Number
	Name             string
	Type             string
	Value            string
	Version          int
}

func (c *Cloud) understandParameters(asked request) operation {
	name := targetOf(asked)
	op := operation{action: name, resource: "*", limit: c.parameterRead}
	if name != "GetParameter" {
		return op.refused(notImplemented(ssmService, name))
	}
	var input getParameterInput
	if err := decode(ssmService, name, asked.body, &input); err != nil {
		return op.refused(err)
	}
	// The service takes spaces around a name away, and allows none within
	// (GetParameter in Systems Manager's API reference).
	input.Name = strings.Trim(input.Name, " ")
	switch {
	case input.Name == "" || len(input.Name) > 2048:
		return op.refused(constraint("Value at 'name' failed to satisfy constraint: Member must have length between 1 and 2048"))
	case strings.Contains(input.Name, " "):
		return op.refused(failure(http.StatusBadRequest, "ValidationException", "Parameter name: can't contain spaces."))
	case strings.Contains(input.Name, ":"):
		return op.refused(notImplemented(ssmService, "GetParameter with an ARN, a version or a label"))
	}
	op.resource = c.parameterARN(input.Name)
	op.run = func(context.Context, time.Time) (reply, error) { return c.getParameter(input) }
	return op
}

func (c *Cloud) getParameter(input getParameterInput) (reply, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	p := c.parameters[input.Name]
	if p == nil {
		// AWS sends no text with it (aws-sdk-js issue 4330).
		return reply{}, failure(http.StatusBadRequest, "ParameterNotFound", "")
	}
	value := p.Value
	if p.Type == SecureParameter {
		if input.WithDecryption {
			return reply{}, notImplemented(ssmService, "GetParameter with the decryption of a SecureString")
		}
		value = base64.StdEncoding.EncodeToString([]byte("encrypted: " + p.Name)) // not what it hides
	}
	return reply{body: map[string]any{"Parameter": parameterOutput{
		ARN: c.parameterARN(p.Name), DataType: "text", LastModifiedDate: epoch(p.modified),
		Name: p.Name, Type: p.Type, Value: value, Version: p.version,
	}}}, nil
}

// parameterARN has one slash before the name, whether the name begins with one or not.
func (c *Cloud) parameterARN(name string) string {
	return fmt.Sprintf("arn:aws:ssm:%s:%s:parameter/%s", c.config.Region, c.config.Account, strings.TrimPrefix(name, "/"))
}
