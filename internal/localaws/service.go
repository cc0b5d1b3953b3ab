package localaws

import (
	"cmp"
	"strings"

	"sluice/internal/localaws/protocol"
)

// handler is one service's API.
type handler interface {
	// Operation makes an operation of a request. It has no effect before its Run.
	Operation(protocol.Request) protocol.Operation
	// Protocol returns the protocol in which the request has to be answered.
	Protocol(protocol.Request) protocol.Protocol
}

// service is a service's API, and its prefix in IAM.
type service struct {
	name string
	handler
}

// service returns the service that a request is signed for, as AWS checks it.
func (c *Cloud) service(asked protocol.Request) service {
	if found, exists := c.services[asked.SigningName]; exists {
		return found
	}
	name := cmp.Or(asked.SigningName, "unsigned")
	return service{name, unknown(name)}
}

// unknown is a service that is not implemented here.
type unknown string

// Operation implements handler: every operation is refused.
func (u unknown) Operation(asked protocol.Request) protocol.Operation {
	_, target, _ := strings.Cut(asked.Header.Get("X-Amz-Target"), ".")
	action := cmp.Or(target, asked.Method+" "+asked.Path)
	return protocol.Operation{Action: action, Resource: "*"}.Refuse(protocol.NotImplemented(string(u), action))
}

// Protocol implements handler. Only AWS-JSON names its operation in X-Amz-Target.
func (u unknown) Protocol(asked protocol.Request) protocol.Protocol {
	if asked.Header.Get("X-Amz-Target") != "" {
		return protocol.JSON10
	}
	return protocol.RESTJSON{}
}
