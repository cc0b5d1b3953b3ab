package cloudformation

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// pollEvery is how often CloudFormation asks whether a resource is ready.
const pollEvery = 5 * time.Second

// step is one call of several that make a change.
type step func(context.Context) error

// function creates, updates or deletes a Lambda function.
func (s *Stacks) function(ctx context.Context, c change) result {
	name := c.physical
	switch c.kind {
	case Create:
		name = c.provisional()
		if err := s.createFunction(ctx, c, name); err != nil {
			return refusal(err, "")
		}
	case Delete:
		return s.remove(ctx, c, functionPath(name))
	}
	var steps []step
	if c.kind == Update {
		steps = s.functionUpdates(c)
	}
	end := result{physical: name, attributes: document{"Arn": s.account.ARN("lambda", "function:"+name)}}
	return s.inTurn(ctx, c, functionPath(name)+"/configuration", steps, end)
}

// refusal is the failure of a change that Lambda refused.
func refusal(err error, physical string) result {
	if err == nil {
		return result{}
	}
	var refused *lambdaError
	later := !errors.As(err, &refused) || refused.isTransient() // a lost connection may have had its effect
	return result{later: later, failure: fmt.Sprintf("Resource handler returned message: %q", err.Error()), physical: physical}
}

// inTurn makes calls one after the other. After each one it waits until the function or the
// version is ready.
func (s *Stacks) inTurn(ctx context.Context, c change, path string, steps []step, end result) result {
	if len(steps) == 0 && c.kind == Update {
		return end
	}
	if len(steps) > 0 {
		err := steps[0](ctx)
		if r := refusal(err, end.physical); err != nil && !r.later {
			return r
		}
		if err == nil {
			steps = steps[1:]
		}
	}
	return s.poll(c, path, steps, end)
}

// poll waits until a function or a version is ready, and goes on.
func (s *Stacks) poll(c change, path string, steps []step, end result) result {
	return result{pending: &pending{due: s.account.Now().Add(pollEvery), physical: end.physical, look: func(ctx context.Context) result {
		var state struct{ State, StateReason, LastUpdateStatus string }
		if err := s.call(ctx, c.actor, http.MethodGet, path, nil, nil, &state); err != nil {
			if r := refusal(err, end.physical); !r.later {
				return r
			}
			return s.poll(c, path, steps, end)
		}
		switch {
		case state.State == "Failed":
			return result{failure: fmt.Sprintf("Resource of type '%s' with identifier '%s' did not stabilize: %s", c.definition.kind, end.physical, state.StateReason), physical: end.physical}
		case state.State == "Pending" || state.LastUpdateStatus == "InProgress":
			return s.poll(c, path, steps, end)
		case len(steps) > 0:
			return s.inTurn(ctx, c, path, steps, end)
		}
		return end
	}}}
}

// remove deletes something of Lambda's. What is not there any more counts as deleted.
func (s *Stacks) remove(ctx context.Context, c change, path string) result {
	err := s.call(ctx, c.actor, http.MethodDelete, path, nil, nil, nil)
	var refused *lambdaError
	if errors.As(err, &refused) && refused.code == "ResourceNotFoundException" {
		err = nil
	}
	if err != nil {
		return refusal(err, c.physical)
	}
	return result{physical: c.physical}
}

func (s *Stacks) createFunction(ctx context.Context, c change, name string) error {
	wanted := maps.Clone(c.properties)
	wanted["FunctionName"] = name
	code, err := codeOf(c.properties)
	if err != nil {
		return err
	}
	wanted["Code"] = code
	if tags := tagsOf(c.properties["Tags"]); len(tags) > 0 {
		wanted["Tags"] = tags
	} else {
		delete(wanted, "Tags")
	}
	return s.call(ctx, c.actor, http.MethodPost, "2015-03-31/functions", nil, numbers(wanted), nil)
}

// numbers returns properties with the numbers that Lambda's API wants, which a template may
// have as strings.
func numbers(properties document) document {
	out := maps.Clone(properties)
	for _, name := range []string{"Timeout", "MemorySize"} {
		var n int
		if given, has := properties[name]; has {
			if _, err := fmt.Sscan(text(given), &n); err == nil {
				out[name] = n
			}
		}
	}
	return out
}

// codeOf returns the code as Lambda's API wants it: a template has the source of a function in
// ZipFile, and CloudFormation makes a zip file with it.
func codeOf(properties document) (document, error) {
	code, _ := properties["Code"].(document)
	source, inline := code["ZipFile"].(string)
	if !inline {
		return code, nil
	}
	name := "index.js"
	if strings.HasPrefix(text(properties["Runtime"]), "python") {
		name = "index.py"
	}
	var packed bytes.Buffer
	archive := zip.NewWriter(&packed)
	file, err := archive.CreateHeader(&zip.FileHeader{Name: name})
	if err == nil {
		_, err = file.Write([]byte(source))
	}
	if err == nil {
		err = archive.Close()
	}
	if err != nil {
		return nil, fmt.Errorf("pack the code: %w", err)
	}
	return document{"ZipFile": packed.Bytes()}, nil
}

// tagsOf returns the tags of a template, which are a list.
func tagsOf(value any) map[string]string {
	list, _ := value.([]any)
	tags := map[string]string{}
	for _, item := range list {
		if tag, isObject := item.(document); isObject {
			tags[text(tag["Key"])] = text(tag["Value"])
		}
	}
	return tags
}

// ownCalls are the properties that have calls of their own.
var ownCalls = []string{"Code", "Architectures", "FunctionName", "Tags", "PackageType"}

// emptySettings are what takes a setting away.
var emptySettings = map[string]any{
	"Environment": document{"Variables": document{}}, "Layers": []any{}, "DeadLetterConfig": document{"TargetArn": ""},
	"VpcConfig": document{}, "TracingConfig": document{}, "LoggingConfig": document{}, "EphemeralStorage": document{}, "SnapStart": document{}, "Description": "",
}

// functionUpdates returns the calls for what has changed.
func (s *Stacks) functionUpdates(c change) []step {
	path := functionPath(c.physical)
	var steps []step
	if differ(c, "Code") || differ(c, "Architectures") {
		steps = append(steps, func(ctx context.Context) error {
			code, err := codeOf(c.properties)
			if err != nil {
				return err
			}
			request := maps.Clone(code)
			if architectures, given := c.properties["Architectures"]; given {
				request["Architectures"] = architectures
			}
			return s.call(ctx, c.actor, http.MethodPut, path+"/code", nil, request, nil)
		})
	}
	if request := changedSettings(c); len(request) > 0 {
		steps = append(steps, func(ctx context.Context) error {
			return s.call(ctx, c.actor, http.MethodPut, path+"/configuration", nil, numbers(request), nil)
		})
	}
	if differ(c, "Tags") {
		steps = append(steps, func(ctx context.Context) error { return s.changeTags(ctx, c) })
	}
	return steps
}

// differ reports whether a property has changed.
func differ(c change, name string) bool { return encode(c.old[name]) != encode(c.properties[name]) }

// changedSettings returns the properties of a function for UpdateFunctionConfiguration.
func changedSettings(c change) document {
	request := document{}
	for _, name := range slices.Sorted(maps.Keys(c.properties)) {
		if !slices.Contains(ownCalls, name) && differ(c, name) {
			request[name] = c.properties[name]
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.old)) {
		if _, stays := c.properties[name]; stays || slices.Contains(ownCalls, name) {
			continue
		}
		if empty, known := emptySettings[name]; known {
			request[name] = empty
		}
	}
	return request
}

func (s *Stacks) changeTags(ctx context.Context, c change) error {
	path := "2017-03-31/tags/" + url.PathEscape(s.account.ARN("lambda", "function:"+c.physical))
	old, tags := tagsOf(c.old["Tags"]), tagsOf(c.properties["Tags"])
	var gone []string
	for _, key := range slices.Sorted(maps.Keys(old)) {
		if _, stays := tags[key]; !stays {
			gone = append(gone, key)
		}
	}
	if len(gone) > 0 {
		if err := s.call(ctx, c.actor, http.MethodDelete, path+"?"+url.Values{"tagKeys": gone}.Encode(), nil, nil, nil); err != nil {
			return err
		}
	}
	if len(tags) == 0 {
		return nil
	}
	return s.call(ctx, c.actor, http.MethodPost, path, nil, document{"Tags": tags}, nil)
}

// version publishes a version, or deletes it. Its properties cannot be updated.
func (s *Stacks) version(ctx context.Context, c change) result {
	path := functionPath(text(c.properties["FunctionName"]))
	number := c.physical[strings.LastIndex(c.physical, ":")+1:]
	switch c.kind {
	case Update:
		return result{physical: c.physical, attributes: document{"Version": number, "FunctionArn": c.physical}}
	case Delete:
		return s.remove(ctx, c, path+"?Qualifier="+url.QueryEscape(number))
	}
	if _, given := c.properties["ProvisionedConcurrencyConfig"]; given {
		return failed("not implemented in the local AWS: a version with ProvisionedConcurrencyConfig")
	}
	before, err := s.versions(ctx, c.actor, path)
	if err != nil {
		return refusal(err, "")
	}
	request := document{}
	for _, name := range []string{"CodeSha256", "Description"} {
		if value, given := c.properties[name]; given {
			request[name] = value
		}
	}
	var published struct{ FunctionArn, Version string }
	if err := s.call(ctx, c.actor, http.MethodPost, path+"/versions", nil, request, &published); err != nil {
		return refusal(err, "")
	}
	if slices.Contains(before, published.Version) {
		// The text is AWS's (ServiceCloudVoiceLambdas#30).
		return failed("Resource handler returned message: \"A version for this Lambda function exists ( %s ). Modify the function to create a new version.\" (HandlerErrorCode: AlreadyExists)", published.Version)
	}
	end := result{physical: published.FunctionArn, attributes: document{"Version": published.Version, "FunctionArn": published.FunctionArn}}
	return s.poll(c, path+"/configuration?Qualifier="+published.Version, nil, end)
}

// versions lists the versions of a function.
func (s *Stacks) versions(ctx context.Context, actor, path string) ([]string, error) {
	var numbers []string
	for marker := ""; ; {
		var page struct {
			Versions   []struct{ Version string }
			NextMarker string
		}
		if err := s.call(ctx, actor, http.MethodGet, path+"/versions?"+url.Values{"Marker": {marker}}.Encode(), nil, nil, &page); err != nil {
			return nil, err
		}
		for _, v := range page.Versions {
			numbers = append(numbers, v.Version)
		}
		if marker = page.NextMarker; marker == "" {
			return numbers, nil
		}
	}
}

// alias creates, updates or deletes an alias. An update names the version, and the weights only
// if the template has any or had some: it does not clear those that somebody else has set
// (serverless#7329). An alias whose UpdatePolicy has CodeDeployLambdaAliasUpdate is updated like
// any other: there is no CodeDeploy here.
func (s *Stacks) alias(ctx context.Context, c change) result {
	path := functionPath(text(c.properties["FunctionName"])) + "/aliases"
	name := text(c.properties["Name"])
	if _, given := c.properties["ProvisionedConcurrencyConfig"]; given && c.kind != Delete {
		return failed("not implemented in the local AWS: an alias with ProvisionedConcurrencyConfig")
	}
	request := document{"FunctionVersion": text(c.properties["FunctionVersion"])}
	if description, given := c.properties["Description"]; given {
		request["Description"] = text(description)
	}
	if weights, given := weightsOf(c.properties["RoutingConfig"]); given || c.old["RoutingConfig"] != nil {
		request["RoutingConfig"] = document{"AdditionalVersionWeights": weights}
	}
	method := http.MethodPost
	switch c.kind {
	case Create:
		request["Name"] = name
	case Update:
		method, path = http.MethodPut, path+"/"+url.PathEscape(name)
	case Delete:
		return s.remove(ctx, c, path+"/"+url.PathEscape(name))
	}
	var written struct{ AliasArn string }
	if err := s.call(ctx, c.actor, method, path, nil, request, &written); err != nil {
		return refusal(err, c.physical)
	}
	return result{physical: written.AliasArn, attributes: document{"AliasArn": written.AliasArn}}
}

// weightsOf returns the weights of a template, which are a list.
func weightsOf(value any) (document, bool) {
	weights := document{}
	config, given := value.(document)
	list, _ := config["AdditionalVersionWeights"].([]any)
	for _, item := range list {
		if entry, isObject := item.(document); isObject {
			weights[text(entry["FunctionVersion"])] = entry["FunctionWeight"]
		}
	}
	return weights, given
}
