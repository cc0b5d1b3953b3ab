package localaws

import (
	"cmp"
	"strings"

	"github.com/sluice-aws/sluice/internal/localaws/protocol"
	"github.com/sluice-aws/sluice/internal/localaws/s3"
)

// handler is one service's API.
type handler interface {
	// Operation parses a request into an operation. Nothing takes effect before the
	// operation's Run is called.
	Operation(protocol.Request) protocol.Operation
	// Protocol returns the protocol of the response to the request.
	Protocol(protocol.Request) protocol.Protocol
}

// service is a service's API with its prefix in IAM.
type service struct {
	name string
	handler
}

// service returns the service that a request is signed for, as AWS does. The buckets of
// CloudFormation's presigned URLs are its own.
func (c *Cloud) service(request protocol.Request) service {
	if c.stacks.Receives(request.Host) {
		return service{s3.Name, c.stacks.Presigned()}
	}
	if found, exists := c.services[request.SigningName]; exists {
		return found
	}
	name := cmp.Or(request.SigningName, "unsigned")
	return service{name, unknown(name)}
}

// unknown is a service that is not implemented here.
type unknown string

// Operation implements handler. It rejects every operation.
func (u unknown) Operation(request protocol.Request) protocol.Operation {
	_, target, _ := strings.Cut(request.Header.Get("X-Amz-Target"), ".")
	action := cmp.Or(target, request.Method+" "+request.Path)
	return protocol.Operation{Action: action, Resource: "*"}.Refuse(protocol.NotImplemented(string(u), action))
}

// Protocol implements handler. Only AWS-JSON names its operation in X-Amz-Target.
func (u unknown) Protocol(request protocol.Request) protocol.Protocol {
	if request.Header.Get("X-Amz-Target") != "" {
		return protocol.JSON10
	}
	return protocol.RESTJSON{}
}
