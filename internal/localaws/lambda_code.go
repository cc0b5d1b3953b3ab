package localaws

import (
	"archive/zip"
	"bytes"
	"context"
	"maps"
	"slices"
	"time"
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
func (c *Cloud) updateFunctionCode(_ context.Context, in lambdaInput) (reply, error) {
	var asked codeUpdate
	if err := decode(lambdaService, in.operation, in.body, &asked); err != nil {
		return reply{}, err
	}
	content, err := asked.content()
	if err != nil {
		return reply{}, err
	}
	updated, err := c.changeCode(in, asked, content)
	if err != nil || !asked.Publish || asked.DryRun {
		return reply{body: updated}, err
	}
	published, err := c.publishLatest(in, publication{})
	if err != nil {
		return reply{}, err
	}
	c.tellPublished(in, published)
	return reply{body: published}, nil
}

// changeCode gives $LATEST other code and writes it.
func (c *Cloud) changeCode(in lambdaInput, asked codeUpdate, content string) (functionConfiguration, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f, err := c.find(in.function.name)
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
		f.latest.modified, f.latest.revisionID = in.now, c.revisions.next()
	}
	return f.configuration(f.latest, f.arn, in.now), nil
}

type functionList struct {
	Functions  []functionConfiguration `json:"Functions"`
	NextMarker string                  `json:"NextMarker,omitempty"`
}

// listFunctions lists the functions by name, each as its $LATEST. A listed one has
// neither a State nor an update status (Lambda's API reference).
func (c *Cloud) listFunctions(_ context.Context, in lambdaInput) (reply, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	listed := []functionConfiguration{}
	for _, name := range slices.Sorted(maps.Keys(c.functions)) {
		f := c.functions[name]
		listed = append(listed, f.configuration(f.latest, f.arn, in.now).listed())
	}
	page, marker, err := lambdaPage(in, listed, func(f functionConfiguration) string { return f.FunctionName })
	return reply{body: functionList{Functions: page, NextMarker: marker}}, err
}

// listed is a configuration without what lists leave out.
func (f functionConfiguration) listed() functionConfiguration {
	f.State, f.StateReason, f.StateReasonCode = "", "", ""
	f.LastUpdateStatus, f.LastUpdateStatusReason, f.LastUpdateStatusReasonCode = "", "", ""
	return f
}

// understandListFunctions is the one call of Lambda's that is about no function.
func (c *Cloud) understandListFunctions(asked request) operation {
	op := operation{action: "ListFunctions", resource: "*", limit: c.controlPlane}
	for member := range asked.query {
		if member != "Marker" && member != "MaxItems" {
			return op.refused(notImplemented(lambdaService, "ListFunctions with "+member))
		}
	}
	op.run = func(ctx context.Context, now time.Time) (reply, error) {
		return c.listFunctions(ctx, lambdaInput{request: asked, operation: "ListFunctions", now: now})
	}
	return op
}
