package route53

import (
	"context"
	"encoding/xml"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sluice-aws/sluice/internal/localaws/protocol"
)

// Name is Route 53's prefix in IAM and its signing name.
const Name = "route53"

const (
	apiVersion = "/2013-04-01/"
	namespace  = "https://route53.amazonaws.com/doc/2013-04-01/"
)

// Failures are the errors that any Route 53 call may return (DNSLimitations: an HTTP 400
// with the code Throttling).
var Failures = protocol.Failures{
	Throttled:    protocol.NewError(http.StatusBadRequest, "Throttling", "Rate exceeded"),
	DeniedStatus: http.StatusForbidden,
	DeniedCode:   "AccessDenied",
	InternalCode: "InternalFailure",
}

func noSuchZone(id string) error {
	return protocol.NewError(http.StatusNotFound, "NoSuchHostedZone", "No hosted zone found with ID: %s", id)
}

func invalidInput(format string, args ...any) error {
	return protocol.NewError(http.StatusBadRequest, "InvalidInput", format, args...)
}

func errPriorRequest() error {
	return protocol.NewError(http.StatusBadRequest, "PriorRequestNotComplete", "The request was rejected because Route 53 was still processing a prior request.")
}

// Protocol returns REST-XML.
func (s *Zones) Protocol(protocol.Request) protocol.Protocol {
	return protocol.RESTXML{Namespace: namespace}
}

// Operation parses a request by its method and path.
func (s *Zones) Operation(request protocol.Request) protocol.Operation {
	path, known := strings.CutPrefix(request.Path, apiVersion)
	kind, rest, _ := strings.Cut(path, "/")
	id, below, _ := strings.Cut(rest, "/")
	if known {
		switch request.Method + " " + kind + "/" + below {
		case "GET hostedzone/":
			return s.operation("GetHostedZone", "hostedzone/", id, s.getHostedZone)
		case "GET change/":
			return s.operation("GetChange", "change/", id, s.getChange)
		case "GET hostedzone/rrset":
			return s.operation("ListResourceRecordSets", "hostedzone/", id, func(id string, _ time.Time) (any, error) { return s.list(id, request) })
		case "POST hostedzone/rrset", "POST hostedzone/rrset/":
			return s.changeOperation(id, request)
		}
	}
	action := request.Method + " " + request.Path
	return protocol.Operation{Action: action, Resource: "*"}.Refuse(protocol.NotImplemented(Name, action))
}

// operation returns an Operation on a resource. The ARNs of Route 53 have no region and no
// account.
func (s *Zones) operation(action, kind, id string, run func(id string, now time.Time) (any, error)) protocol.Operation {
	if id == "" {
		return protocol.Operation{Action: action, Resource: "*"}.Refuse(protocol.NotImplemented(Name, action+" without an id"))
	}
	return protocol.Operation{
		Action: action, Resource: "arn:aws:route53:::" + kind + id, Limit: s.calls,
		Run: func(_ context.Context, now time.Time) (protocol.Reply, error) {
			body, err := run(id, now)
			return protocol.Reply{Body: body}, err
		},
	}
}

func (s *Zones) changeOperation(zoneID string, request protocol.Request) protocol.Operation {
	batch, err := decodeBatch(request.Body)
	op := s.operation("ChangeResourceRecordSets", "hostedzone/", zoneID, func(id string, now time.Time) (any, error) {
		c, err := s.submit(id, request.Actor, batch)
		if err != nil {
			return nil, err
		}
		return changeResponse{XMLName: element("ChangeResourceRecordSetsResponse"), ChangeInfo: c.info(now)}, nil
	})
	if err != nil {
		return op.Refuse(err)
	}
	op.Permissions = []protocol.Permission{{Action: Name + ":" + op.Action, Resource: op.Resource, Context: batch.context()}}
	return op
}

// decodeBatch reads the body of ChangeResourceRecordSets.
func decodeBatch(body []byte) (Batch, error) {
	var in struct {
		Batch   Batch                   `xml:"ChangeBatch"`
		Unknown protocol.UnknownElement `xml:",any"`
	}
	if err := protocol.DecodeXML(Name, "ChangeResourceRecordSetsRequest", namespace, body, &in); err != nil {
		return Batch{}, err
	}
	switch {
	case len(in.Batch.Changes) == 0:
		return Batch{}, invalidInput("Invalid request: ChangeBatch has no Changes")
	case len([]rune(in.Batch.Comment)) > 256:
		return Batch{}, invalidInput("Invalid request: Comment has more than 256 characters")
	}
	return in.Batch, nil
}

func element(name string) xml.Name { return xml.Name{Space: namespace, Local: name} }

// changeInfo is a change in responses.
type changeInfo struct {
	ID          string `xml:"Id"`
	Status      string
	SubmittedAt string
	Comment     string `xml:",omitempty"`
}

func (c change) info(now time.Time) changeInfo {
	return changeInfo{ID: "/change/" + c.id, Status: c.status(now), SubmittedAt: c.submitted.UTC().Format(time.RFC3339Nano), Comment: c.comment}
}

type changeResponse struct {
	XMLName    xml.Name
	ChangeInfo changeInfo
}

func (s *Zones) getChange(id string, now time.Time) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, known := s.changes[id]
	if !known {
		return nil, protocol.NewError(http.StatusNotFound, "NoSuchChange", "Could not find resource with ID: %s", id)
	}
	return changeResponse{XMLName: element("GetChangeResponse"), ChangeInfo: c.info(now)}, nil
}

type zoneResponse struct {
	XMLName    xml.Name
	HostedZone struct {
		ID              string `xml:"Id"`
		Name            string
		CallerReference string
		Config          struct{ PrivateZone bool }
		Count           int `xml:"ResourceRecordSetCount"`
	}
}

func (s *Zones) getHostedZone(id string, _ time.Time) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	z, err := s.zone(id)
	if err != nil {
		return nil, err
	}
	response := zoneResponse{XMLName: element("GetHostedZoneResponse")}
	out := &response.HostedZone
	out.ID, out.Name, out.CallerReference, out.Count = "/hostedzone/"+z.ID, z.Name, z.ID, len(z.records())
	out.Config.PrivateZone = z.Private
	return response, nil
}

// maxItems bounds a page (ListResourceRecordSets, MaxItems).
const maxItems = 300

type listResponse struct {
	XMLName     xml.Name
	Records     []Record `xml:"ResourceRecordSets>ResourceRecordSet"`
	IsTruncated bool
	NextName    string `xml:"NextRecordName,omitempty"`
	NextType    string `xml:"NextRecordType,omitempty"`
	NextSet     string `xml:"NextRecordIdentifier,omitempty"`
	MaxItems    string
}

// list returns a page of a zone's records, from a name, a type and a set identifier on.
func (s *Zones) list(id string, request protocol.Request) (any, error) {
	start := key{kind: request.Query.Get("type"), set: request.Query.Get("identifier")}
	if name := request.Query.Get("name"); name != "" {
		start.name = normalName(name)
	}
	size, err := pageSize(request.Query.Get("maxitems"))
	switch {
	case err != nil:
		return nil, err
	case start.name == "" && start.kind != "":
		return nil, invalidInput("The request must contain a name if it contains a type")
	case start.kind == "" && start.set != "":
		return nil, invalidInput("The request must contain a type if it contains an identifier")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	z, err := s.zone(id)
	if err != nil {
		return nil, err
	}
	response := listResponse{XMLName: element("ListResourceRecordSetsResponse"), MaxItems: strconv.Itoa(size)}
	all := z.records()
	from := slices.IndexFunc(all, func(r Record) bool { return start.name == "" || compareKeys(r.key(), start) >= 0 })
	if from < 0 {
		return response, nil
	}
	rest := all[from:]
	response.Records = rest[:min(size, len(rest))]
	if len(rest) > size {
		next := rest[size].key()
		response.IsTruncated, response.NextName, response.NextType, response.NextSet = true, next.name, next.kind, next.set
	}
	return response, nil
}

func pageSize(asked string) (int, error) {
	if asked == "" {
		return maxItems, nil
	}
	size, err := strconv.Atoi(asked)
	if err != nil || size < 1 {
		return 0, invalidInput("The maxitems parameter must be a positive integer")
	}
	return min(size, maxItems), nil
}
