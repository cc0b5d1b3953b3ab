package lambda

import (
	"archive/zip"
	"bytes"
	"context"
	"maps"
	"slices"
	"time"

	"sluice/internal/localaws/protocol"
)

// codeUpdate is UpdateFunctionCode's request. The code comes as bytes, or from S3,
// where nothing is here: an object is told from another by its name.
type codeUpdate struct {
	ZipFile         []byte
	S3Bucket        string
	S3Key           string
	S3ObjectVersion string
	Publish         bool
	DryRun          bool
	RevisionId      string
	Architectures   []string
}

// content is what stands for the code.
func (u codeUpdate) content() (string, error) {
	switch {
	case len(u.ZipFile) > 0 && u.S3Bucket+u.S3Key != "":
		return "", invalidParameter("Please do not provide other FunctionCode parameters when providing a ZipFile.")
	case len(u.ZipFile) > 0:
		if _, err := zip.NewReader(bytes.NewReader(u.ZipFile), int64(len(u.ZipFile))); err != nil {
			return "", invalidParameter("Could not unzip uploaded file. Please check your file, then try to upload again.")
		}
		return string(u.ZipFile), nil
	case u.S3Bucket != "" && u.S3Key != "":
		return "s3://" + u.S3Bucket + "/" + u.S3Key + "?" + u.S3ObjectVersion, nil
	}
	return "", invalidParameter("Please provide a source for function code.")
}

// updateFunctionCode gives $LATEST other code, at once: nothing is InProgress
// unless SetUpdateInProgress says so.
func (s *Functions) updateFunctionCode(_ context.Context, in input) (protocol.Reply, error) {
	var asked codeUpdate
	if err := protocol.Decode(Name, in.operation, in.Body, &asked); err != nil {
		return protocol.Reply{}, err
	}
	content, err := asked.content()
	if err != nil {
		return protocol.Reply{}, err
	}
	updated, err := s.changeCode(in, asked, content)
	if err != nil || !asked.Publish || asked.DryRun {
		return protocol.Reply{Body: updated}, err
	}
	published, err := s.publishLatest(in, publication{})
	if err != nil {
		return protocol.Reply{}, err
	}
	s.tellPublished(in, published)
	return protocol.Reply{Body: published}, nil
}

// changeCode gives $LATEST other code and writes it.
func (s *Functions) changeCode(in input, asked codeUpdate, content string) (functionConfiguration, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, err := s.find(in.function.name)
	if err != nil {
		return functionConfiguration{}, err
	}
	if asked.RevisionId != "" && asked.RevisionId != f.latest.revisionID {
		return functionConfiguration{}, staleRevision()
	}
	if in.now.Before(f.updating) {
		return functionConfiguration{}, conflict("The operation cannot be performed at this time. An update is in progress for resource: %s", f.arn)
	}
	if !asked.DryRun {
		f.latest.sha, f.latest.size = codeSha256(content), len(content)
		f.latest.modified, f.latest.revisionID = in.now, s.revisions.Next()
	}
	return f.configuration(f.latest, f.arn, in.now), nil
}

type functionList struct {
	Functions  []functionConfiguration `json:"Functions"`
	NextMarker string                  `json:"NextMarker,omitempty"`
}

// listFunctions lists the functions by name, each as its $LATEST. A listed one has
// neither a State nor an update status (Lambda's API reference).
func (s *Functions) listFunctions(_ context.Context, in input) (protocol.Reply, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	listed := []functionConfiguration{}
	for _, name := range slices.Sorted(maps.Keys(s.functions)) {
		f := s.functions[name]
		listed = append(listed, f.configuration(f.latest, f.arn, in.now).withoutState())
	}
	page, marker, err := cutPage(in, listed, func(f functionConfiguration) string { return f.FunctionName })
	return protocol.Reply{Body: functionList{Functions: page, NextMarker: marker}}, err
}

// withoutState is the configuration without what lists leave out.
func (f functionConfiguration) withoutState() functionConfiguration {
	f.State, f.StateReason, f.StateReasonCode = "", "", ""
	f.LastUpdateStatus, f.LastUpdateStatusReason, f.LastUpdateStatusReasonCode = "", "", ""
	return f
}

// listFunctionsOperation is the one call of Lambda's that is about no function.
func (s *Functions) listFunctionsOperation(asked protocol.Request) protocol.Operation {
	op := protocol.Operation{Action: "ListFunctions", Resource: "*", Limit: s.controlPlane}
	for member := range asked.Query {
		if member != "Marker" && member != "MaxItems" {
			return op.Refuse(protocol.NotImplemented(Name, "ListFunctions with "+member))
		}
	}
	op.Run = func(ctx context.Context, now time.Time) (protocol.Reply, error) {
		return s.listFunctions(ctx, input{Request: asked, operation: "ListFunctions", now: now})
	}
	return op
}
