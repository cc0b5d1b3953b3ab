package stack

import (
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/sluice-aws/sluice/internal/localaws/lambdaruntime"
)

// Fleet runs the functions of a stack, each in its own process.
type Fleet struct {
	prefix    string
	sandboxes map[string]*lambdaruntime.Sandbox // by function name
}

// Site describes where a Fleet runs.
type Site struct {
	Place
	// Bootstraps is a folder with the bootstrap of each function. Its file has the
	// function's name without Prefix.
	Bootstraps, Prefix string
	// Logs receives the output of the functions.
	Logs io.Writer
}

// NewFleet returns a Fleet of functions. A function's process starts at its first
// invocation. If bootstraps are missing, the error names all of them.
func NewFleet(functions []Function, at Site) (*Fleet, error) {
	fleet := &Fleet{prefix: at.Prefix, sandboxes: map[string]*lambdaruntime.Sandbox{}}
	var missing []string
	logs := &syncWriter{to: at.Logs}
	for _, f := range functions {
		name := strings.TrimPrefix(f.Name, at.Prefix)
		path := filepath.Join(at.Bootstraps, name)
		if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
			missing = append(missing, path)
			continue
		}
		fleet.sandboxes[f.Name] = lambdaruntime.New(at.lambdaFunction(f, name, path), logs)
	}
	if len(missing) > 0 {
		return nil, fmt.Errorf("missing bootstraps: %s", strings.Join(missing, ", "))
	}
	return fleet, nil
}

// firstVersion is the version that a new stack publishes of a function.
const firstVersion = "1"

// lambdaFunction returns a function as Lambda would run it at the Site. Its access key
// id is its name, which stands for the credentials of its role.
func (s Site) lambdaFunction(f Function, name, bootstrap string) lambdaruntime.Function {
	variables := map[string]string{
		"AWS_ENDPOINT_URL":  s.Endpoint,
		"AWS_ACCESS_KEY_ID": name, "AWS_SECRET_ACCESS_KEY": "local", "AWS_SESSION_TOKEN": "local",
	}
	maps.Copy(variables, f.Variables)
	arn, version := fmt.Sprintf("arn:%s:lambda:%s:%s:function:%s", s.Partition, s.Region, s.Account, f.Name), ""
	if f.Published {
		version = firstVersion
		arn += ":" + version
	}
	return lambdaruntime.Function{
		Name: f.Name, Region: s.Region, Bootstrap: bootstrap, Variables: variables, Timeout: f.Timeout, MemoryMB: f.MemoryMB,
		ARN: arn, Version: version,
	}
}

// Run invokes a function, named without the prefix, once. report is true if the output
// is an error report.
func (f *Fleet) Run(ctx context.Context, function string, payload []byte) (output []byte, report bool, err error) {
	sandbox := f.sandboxes[f.prefix+function]
	if sandbox == nil {
		return nil, false, fmt.Errorf("the stack has no function %s%s", f.prefix, function)
	}
	result, err := sandbox.Invoke(ctx, payload)
	return result.Payload, result.Failed, err
}

// Starts returns the starts of each function's process, by function name.
func (f *Fleet) Starts() map[string][]lambdaruntime.Start {
	starts := map[string][]lambdaruntime.Start{}
	for name, sandbox := range f.sandboxes {
		starts[name] = sandbox.Starts()
	}
	return starts
}

// Close stops every process.
func (f *Fleet) Close() {
	var group sync.WaitGroup
	for _, sandbox := range f.sandboxes {
		group.Go(sandbox.Close)
	}
	group.Wait()
}

// syncWriter is a writer that several processes may write to at once.
type syncWriter struct {
	mu sync.Mutex
	to io.Writer
}

// Write implements io.Writer.
func (s *syncWriter) Write(text []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.to.Write(text)
}
