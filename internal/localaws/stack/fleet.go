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

	"sluice/internal/localaws/lambdaruntime"
)

// Fleet is the functions of a stack, each with a process of its own.
type Fleet struct {
	prefix    string
	sandboxes map[string]*lambdaruntime.Sandbox // by the functions' names
}

// Site is where a Fleet runs.
type Site struct {
	Place
	// Endpoint is the URL of the AWS that the functions call.
	Endpoint string
	// Bootstraps is a folder with the bootstrap of each function, called as the
	// function is without Prefix.
	Bootstraps, Prefix string
	// Logs takes what the functions print.
	Logs io.Writer
}

// NewFleet makes a Fleet of functions. Their processes are started when they are
// needed. An error names every bootstrap that is not there.
func NewFleet(functions []Function, at Site) (*Fleet, error) {
	fleet := &Fleet{prefix: at.Prefix, sandboxes: map[string]*lambdaruntime.Sandbox{}}
	var absent []string
	logs := &shared{to: at.Logs}
	for _, f := range functions {
		name := strings.TrimPrefix(f.Name, at.Prefix)
		path := filepath.Join(at.Bootstraps, name)
		if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
			absent = append(absent, path)
			continue
		}
		fleet.sandboxes[f.Name] = lambdaruntime.New(at.deployed(f, name, path), logs)
	}
	if len(absent) > 0 {
		return nil, fmt.Errorf("there is no bootstrap at %s", strings.Join(absent, ", "))
	}
	return fleet, nil
}

// firstVersion is what is published of a function when its stack is made.
const firstVersion = "1"

// deployed is a function as Lambda runs it at the Site: with the credentials of its
// role, which here are its name.
func (s Site) deployed(f Function, name, bootstrap string) lambdaruntime.Function {
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

// Run runs a function once, by its name without the prefix. report says that the
// output is that of an error.
func (f *Fleet) Run(ctx context.Context, function string, payload []byte) (output []byte, report bool, err error) {
	sandbox := f.sandboxes[f.prefix+function]
	if sandbox == nil {
		return nil, false, fmt.Errorf("the stack has no function %s%s", f.prefix, function)
	}
	result, err := sandbox.Invoke(ctx, payload)
	return result.Payload, result.Failed, err
}

// Starts lists how often each function's process was started, and how long it took,
// by the functions' names.
func (f *Fleet) Starts() map[string][]lambdaruntime.Start {
	starts := map[string][]lambdaruntime.Start{}
	for name, sandbox := range f.sandboxes {
		starts[name] = sandbox.Starts()
	}
	return starts
}

// Close ends every process.
func (f *Fleet) Close() {
	var all sync.WaitGroup
	for _, sandbox := range f.sandboxes {
		all.Go(sandbox.Close)
	}
	all.Wait()
}

// shared is a writer that several processes write to.
type shared struct {
	mu sync.Mutex
	to io.Writer
}

// Write implements io.Writer.
func (s *shared) Write(text []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.to.Write(text)
}
