package lambda

import (
	"archive/zip"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/sluice-aws/sluice/internal/localaws/protocol"
)

// createTime is how long a new function is Pending ("In most cases your function is ready …
// after a few seconds", Lambda Developer Guide, function states).
const createTime = 3 * time.Second

// creation is CreateFunction's request.
type creation struct {
	FunctionName string
	Role         string
	Runtime      string
	Handler      string
	Description  string
	PackageType  string
	Code         codeUpdate
	// Architectures have no effect.
	Architectures []string
	settings
	DeadLetterConfig *deadLetterConfig
	Tags             map[string]string
}

// rolePattern is the pattern of Role in Lambda's API model.
var rolePattern = regexp.MustCompile(`^arn:(aws[a-zA-Z-]*)?:iam::\d{12}:role/?[a-zA-Z_0-9+=,.@\-_/]+$`)

func (c creation) validate() error {
	switch {
	case c.PackageType != "" && c.PackageType != "Zip":
		return protocol.NotImplemented(Name, "CreateFunction with PackageType "+c.PackageType)
	case !rolePattern.MatchString(c.Role):
		return protocol.Constraint("Value '%s' at 'role' failed to satisfy constraint: Member must satisfy regular expression pattern: "+
			`arn:(aws[a-zA-Z-]*)?:iam::\d{12}:role/?[a-zA-Z_0-9+=,.@\-_/]+`, c.Role)
	case c.Runtime == "" || c.Handler == "":
		return invalidParameter("Runtime and Handler are mandatory parameters for functions created with deployment packages.")
	}
	for key, value := range c.Tags {
		if err := checkTag(key, value); err != nil {
			return err
		}
	}
	return nil
}

// createFunctionOperation returns the operation for a CreateFunction. Its path names no
// function.
func (s *Functions) createFunctionOperation(request protocol.Request) protocol.Operation {
	op := protocol.Operation{Action: "CreateFunction", Resource: "*", Limit: s.controlPlane}
	var wanted creation
	if err := protocol.Decode(Name, op.Action, request.Body, &wanted); err != nil {
		return op.Refuse(err)
	}
	name, err := s.parseFunctionName(wanted.FunctionName, "")
	if err == nil && name.qualifier != "" {
		err = invalidParameter("The function name cannot have a qualifier.")
	}
	if err == nil {
		op.Resource = s.functionARN(name.name, "")
		err = wanted.validate()
	}
	if err != nil {
		return op.Refuse(err)
	}
	op.Run = func(_ context.Context, now time.Time) (protocol.Reply, error) {
		created, err := s.createFunction(name.name, wanted, now)
		return protocol.Reply{Status: http.StatusCreated, Body: created}, err
	}
	return op
}

func (s *Functions) createFunction(name string, wanted creation, now time.Time) (functionConfiguration, error) {
	content, err := wanted.Code.content()
	if err != nil {
		return functionConfiguration{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.functions[name] != nil {
		return functionConfiguration{}, conflict("Function already exist: %s", name)
	}
	f := &function{
		name: name, arn: s.functionARN(name, ""), tags: maps.Clone(wanted.Tags), runtime: wanted.Runtime, handler: wanted.Handler,
		latest: &version{
			number: latest, sha: codeSha256(content), size: len(content), role: wanted.Role, description: wanted.Description,
			deadLetter: wanted.DeadLetterConfig.target(), settings: wanted.settings.text(),
			revisionID: s.revisions.Next(), modified: now, state: VersionState{State: StateActive}, readyAt: now.Add(createTime),
		},
		aliases:           map[string]*alias{},
		stateAfterPending: VersionState{State: StateActive},
	}
	f.latest.missing = f.missingModule(content)
	s.keepUpdating(f, now.Add(createTime)) // PublishVersion is refused until then
	s.functions[name] = f
	return f.configuration(f.latest, f.arn, now), nil
}

// missingModule returns the module that the handler names and the code does not have, or "".
// Only zip files for Python are looked into.
func (f *function) missingModule(content string) string {
	module, _, _ := strings.Cut(f.handler, ".")
	read, err := zip.NewReader(strings.NewReader(content), int64(len(content)))
	if err != nil || !strings.HasPrefix(f.runtime, "python") {
		return ""
	}
	found := slices.ContainsFunc(read.File, func(file *zip.File) bool {
		return file.Name == module+".py" || file.Name == module+"/__init__.py"
	})
	if found {
		return ""
	}
	return module
}

// importError is the report of a Python function whose handler's module is missing (Lambda
// Developer Guide, troubleshoot invocation issues: Runtime.ImportModuleError).
func importError(module string) []byte {
	report, _ := json.Marshal(map[string]any{ // strings can always be encoded
		"errorMessage": fmt.Sprintf("Unable to import module '%s': No module named '%s'", module, module),
		"errorType":    "Runtime.ImportModuleError", "stackTrace": []string{},
	})
	return report
}

// deleteFunction deletes a function with its versions and aliases, or one version.
func (s *Functions) deleteFunction(_ context.Context, in input) (protocol.Reply, error) {
	if in.function.qualifier != "" {
		return protocol.Reply{Status: http.StatusNoContent}, s.deleteVersion(in)
	}
	gone, err := s.takeFunction(in)
	if err != nil {
		return protocol.Reply{}, err
	}
	for _, change := range gone {
		s.onAlias.Tell(change)
	}
	return protocol.Reply{Status: http.StatusNoContent}, nil
}

// takeFunction removes a function and returns what happens to its aliases by that.
func (s *Functions) takeFunction(in input) ([]AliasChange, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, err := s.findFunction(in.function.name)
	if err != nil {
		return nil, err
	}
	var gone []AliasChange
	for _, name := range slices.Sorted(maps.Keys(f.aliases)) {
		before := s.currentAlias(f, f.aliases[name], in.now)
		gone = append(gone, AliasChange{Time: in.now, Actor: in.Actor, Before: &before})
	}
	delete(s.functions, f.name)
	return gone, nil
}
