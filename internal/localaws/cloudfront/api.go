package cloudfront

import (
	"context"
	"encoding/xml"
	"net/http"
	"strings"
	"time"

	"github.com/sluice-aws/sluice/internal/localaws/protocol"
)

// Name is CloudFront's prefix in IAM and its signing name.
const Name = "cloudfront"

const (
	apiVersion = "/2020-05-31/"
	namespace  = "http://cloudfront.amazonaws.com/doc/2020-05-31/"
)

// Failures are the errors that any CloudFront call may return (the throttling:
// community.aws issue 296).
var Failures = protocol.Failures{
	Throttled:    protocol.NewError(http.StatusBadRequest, "Throttling", "Rate exceeded"),
	DeniedStatus: http.StatusForbidden,
	DeniedCode:   "AccessDenied",
	InternalCode: "InternalFailure",
}

// The texts of the errors are those that issues show: crossplane provider-aws 1595,
// terraform-aws-next-js 274 and unified-makerspace pull request 172.

func noSuchDistribution() error {
	return protocol.NewError(http.StatusNotFound, "NoSuchDistribution", "The specified distribution does not exist.")
}

func invalidIfMatch() error {
	return protocol.NewError(http.StatusBadRequest, "InvalidIfMatchVersion", "The If-Match version is missing or not valid for the resource.")
}

func preconditionFailed() error {
	return protocol.NewError(http.StatusPreconditionFailed, "PreconditionFailed", "The request failed because it didn't meet the preconditions in one or more request-header fields.")
}

func nameTaken() error {
	return protocol.NewError(http.StatusConflict, "CNAMEAlreadyExists", "One or more of the CNAMEs you provided are already associated with a different resource.")
}

func invalid(code, format string, args ...any) error {
	return protocol.NewError(http.StatusBadRequest, code, format, args...)
}

// Protocol returns REST-XML.
func (s *Distributions) Protocol(protocol.Request) protocol.Protocol {
	return protocol.RESTXML{Namespace: namespace}
}

// Operation parses a request by its method and path.
func (s *Distributions) Operation(request protocol.Request) protocol.Operation {
	path, known := strings.CutPrefix(request.Path, apiVersion+"distribution/")
	id, below, _ := strings.Cut(path, "/")
	if known && id != "" && len(request.Query) == 0 {
		switch request.Method + " " + below {
		case "GET ":
			return s.operation("GetDistribution", id, s.getDistribution)
		case "GET config":
			return s.operation("GetDistributionConfig", id, s.getConfig)
		case "PUT config":
			return s.updateOperation(id, request)
		}
	}
	action := request.Method + " " + request.Path
	return protocol.Operation{Action: action, Resource: "*"}.Refuse(protocol.NotImplemented(Name, action))
}

func (s *Distributions) operation(action, id string, run func(id string, now time.Time) (protocol.Reply, error)) protocol.Operation {
	return protocol.Operation{
		Action: action, Resource: s.arn(id), Limit: s.calls,
		Run: func(_ context.Context, now time.Time) (protocol.Reply, error) {
			s.mu.Lock()
			defer s.mu.Unlock()
			return run(id, now)
		},
	}
}

func (s *Distributions) updateOperation(id string, request protocol.Request) protocol.Operation {
	op := s.operation("UpdateDistribution", id, func(id string, now time.Time) (protocol.Reply, error) {
		return s.update(id, request.Header.Get("If-Match"), request.Body, now)
	})
	run := op.Run
	op.Run = func(ctx context.Context, now time.Time) (protocol.Reply, error) {
		reply, err := run(ctx, now)
		if err == nil {
			s.onChange.Tell(DistributionChange{Time: now, Actor: request.Actor, Distribution: id})
		}
		return reply, err
	}
	return op
}

// arn returns the ARN of a distribution. It has no region.
func (s *Distributions) arn(id string) string {
	return "arn:aws:cloudfront::" + s.account.ID + ":distribution/" + id
}

func element(name string) xml.Name { return xml.Name{Space: namespace, Local: name} }

// configElement is a DistributionConfig in responses, as it was sent.
type configElement struct {
	XMLName xml.Name
	Inner   []byte `xml:",innerxml"`
}

type distributionElement struct {
	XMLName                       xml.Name
	ID                            string `xml:"Id"`
	ARN                           string
	Status                        string
	LastModifiedTime              string
	InProgressInvalidationBatches int
	DomainName                    string
	DistributionConfig            configElement
}

// reply has the ETag, which is the same for GetDistribution and GetDistributionConfig.
func (d *distribution) reply(body any) protocol.Reply {
	return protocol.Reply{Header: http.Header{"Etag": {etag(d.number)}}, Body: body}
}

func (s *Distributions) describe(d *distribution, now time.Time) distributionElement {
	last := d.newest()
	return distributionElement{
		XMLName: element("Distribution"), ID: d.id, ARN: s.arn(d.id), Status: s.status(d, now),
		LastModifiedTime: last.from.UTC().Format(time.RFC3339Nano), DomainName: d.domain(),
		DistributionConfig: configElement{element("DistributionConfig"), last.Inner},
	}
}

func (s *Distributions) getDistribution(id string, now time.Time) (protocol.Reply, error) {
	d := s.distributions[id]
	if d == nil {
		return protocol.Reply{}, noSuchDistribution()
	}
	return d.reply(s.describe(d, now)), nil
}

func (s *Distributions) getConfig(id string, _ time.Time) (protocol.Reply, error) {
	d := s.distributions[id]
	if d == nil {
		return protocol.Reply{}, noSuchDistribution()
	}
	return d.reply(configElement{element("DistributionConfig"), d.newest().Inner}), nil
}

// update replaces the whole configuration, if the caller names the distribution's ETag.
func (s *Distributions) update(id, match string, body []byte, now time.Time) (protocol.Reply, error) {
	d := s.distributions[id]
	if d == nil {
		return protocol.Reply{}, noSuchDistribution()
	}
	wanted, err := parseConfig(body)
	if err != nil {
		return protocol.Reply{}, err
	}
	if err := d.checkMatch(match); err != nil {
		return protocol.Reply{}, err
	}
	if err := s.check(d, wanted); err != nil {
		return protocol.Reply{}, err
	}
	d.write(wanted, now)
	return d.reply(s.describe(d, now)), nil
}
