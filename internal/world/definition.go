package world

import (
	"fmt"
	"sync"

	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/localaws"
	"github.com/sluice-aws/sluice/internal/localaws/asl"
	golden "github.com/sluice-aws/sluice/statemachine/asl"
)

// definition is the golden definition with the ARNs of functions filled in.
type definition struct {
	text   string
	parsed *asl.Definition
}

// definitions caches parsed definitions by their ARNs. Most worlds have the same definition, and
// a definition does not change.
var definitions sync.Map

// calledFunctions returns the functions that the golden definition calls.
var calledFunctions = sync.OnceValue(golden.Functions)

// define puts the ARNs of functions into the golden definition.
func define(partition string, arn func(function string) string) (definition, error) {
	key := partition
	for _, name := range calledFunctions() {
		key += " " + arn(name)
	}
	if known, found := definitions.Load(key); found {
		return known.(definition), nil
	}
	text := golden.Definition(partition, arn)
	parsed, err := asl.Parse(text)
	if err != nil {
		return definition{}, fmt.Errorf("parse the embedded definition: %w", err)
	}
	d := definition{string(text), parsed}
	definitions.Store(key, d)
	return d, nil
}

// publishOwn creates Sluice's own functions in the account, publishes a version of each that
// the definition calls, and makes a definition with these versions, as a deployment of the
// stack does. It makes the macro known by its default name. It does not publish the safety net,
// because its triggers invoke $LATEST.
func (w *World) publishOwn() error {
	for _, name := range sortedKeys(w.functions) {
		if err := w.cloud.AddFunction(localaws.Function{Name: FunctionPrefix + name, Content: name}); err != nil {
			return err
		}
	}
	w.cloud.CloudFormation().RegisterMacro(flow.DefaultMacro, FunctionPrefix+flow.Macro)
	if !w.scenario.NoHookEndpoint {
		if err := w.cloud.AddURL(FunctionPrefix + flow.HookEndpoint); err != nil {
			return err
		}
		if err := w.cloud.ReserveConcurrency(FunctionPrefix+flow.HookEndpoint, flow.HookEndpointConcurrency); err != nil {
			return err
		}
	}
	return w.defineVersions()
}

// defineVersions publishes $LATEST of each function that the definition calls, and makes a
// definition with these versions.
func (w *World) defineVersions() error {
	published := map[string]string{}
	for _, name := range calledFunctions() {
		v, err := w.cloud.Publish(FunctionPrefix + name)
		if err != nil {
			return err
		}
		w.versions[name+":"+v.Version] = w.functions[name]
		published[name] = w.place.versionARN(name, v.Version)
	}
	var err error
	w.definition, err = define(w.place.partition, func(name string) string { return published[name] })
	return err
}
