package lambda

import (
	"archive/zip"
	"bytes"
	"context"
	"maps"
	"slices"
	"time"

	"github.com/sluice-aws/sluice/internal/localaws/protocol"
)

// codeUpdate is UpdateFunctionCode's request. The code is given as bytes or as an S3
// object. There is no S3 here, so two S3 objects count as different code if their names
// differ.
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

// content returns the text whose hash is the CodeSha256.
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

// updateFunctionCode starts an update of the code of $LATEST, which takes
// Config.UpdateTime. With Publish it publishes the code at once, and returns a version
// that is Pending until the update has ended (LocalStack's snapshots
// test_function_lifecycle and test_publish_with_update).
func (s *Functions) updateFunctionCode(_ context.Context, in input) (protocol.Reply, error) {
	var request codeUpdate
	if err := in.decode(&request); err != nil {
		return protocol.Reply{}, err
	}
	content, err := request.content()
	if err != nil {
		return protocol.Reply{}, err
	}
	updated, err := s.updateCode(in, request, content)
	if err != nil {
		return protocol.Reply{}, err
	}
	if request.Publish && !request.DryRun {
		s.notifyPublishedListeners(in, updated)
	}
	return protocol.Reply{Body: updated}, nil
}

// updateCode starts the update and returns the configuration of $LATEST or, with Publish,
// of the version.
func (s *Functions) updateCode(in input, request codeUpdate, content string) (functionConfiguration, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, err := s.findFunction(in.function.name)
	if err != nil {
		return functionConfiguration{}, err
	}
	if request.RevisionId != "" && request.RevisionId != f.revision(f.latest, in.now) {
		return functionConfiguration{}, staleRevision()
	}
	if err := f.checkNotUpdating(in.now); err != nil {
		return functionConfiguration{}, err
	}
	if request.DryRun {
		return f.configuration(f.latest, f.arn, in.now), nil
	}
	s.startUpdate(f, content, in.now)
	if request.Publish {
		v := s.publishOnce(f, nil, in.now)
		return f.configuration(v, s.functionARN(f.name, v.number), in.now), nil
	}
	return f.configuration(f.latest, f.arn, in.now), nil
}

// startUpdate changes the code of $LATEST. The update is in progress for
// Config.UpdateTime. The caller holds the lock.
func (s *Functions) startUpdate(f *function, content string, now time.Time) {
	f.latest.sha, f.latest.size, f.latest.missing = codeSha256(content), len(content), f.missingModule(content)
	s.changeLatest(f, now)
	s.keepUpdating(f, now.Add(s.config.UpdateTime))
}

type functionList struct {
	Functions  []functionConfiguration `json:"Functions"`
	NextMarker string                  `json:"NextMarker,omitempty"`
}

// listFunctions lists $LATEST of every function in the order of the names. Listed
// functions have neither a State nor an update status (Lambda's API reference).
func (s *Functions) listFunctions(_ context.Context, in input) (protocol.Reply, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	functions := []functionConfiguration{}
	for _, name := range slices.Sorted(maps.Keys(s.functions)) {
		f := s.functions[name]
		functions = append(functions, f.configuration(f.latest, f.arn, in.now).withoutState())
	}
	page, marker, err := cutPage(in, functions, func(f functionConfiguration) string { return f.FunctionName })
	return protocol.Reply{Body: functionList{Functions: page, NextMarker: marker}}, err
}

// withoutState returns the configuration without the members that lists leave out.
func (f functionConfiguration) withoutState() functionConfiguration {
	f.State, f.StateReason, f.StateReasonCode = "", "", ""
	f.LastUpdateStatus, f.LastUpdateStatusReason, f.LastUpdateStatusReasonCode = "", "", ""
	return f
}

// listFunctionsOperation returns the ListFunctions operation, the only one that does
// not name a function.
func (s *Functions) listFunctionsOperation(request protocol.Request) protocol.Operation {
	op := protocol.Operation{Action: "ListFunctions", Resource: "*", Limit: s.controlPlane}
	for member := range request.Query {
		if member != "Marker" && member != "MaxItems" {
			return op.Refuse(protocol.NotImplemented(Name, "ListFunctions with "+member))
		}
	}
	op.Run = func(ctx context.Context, now time.Time) (protocol.Reply, error) {
		return s.listFunctions(ctx, input{Request: request, operation: "ListFunctions", now: now})
	}
	return op
}
