package world

import (
	"fmt"
	"sync"

	"sluice/internal/localaws"
	"sluice/internal/localaws/asl"
	golden "sluice/statemachine/asl"
)

// definition is the golden definition with the ARNs of functions filled in.
type definition struct {
	text   string
	parsed *asl.Definition
}

// definitions are those that some world has parsed, by the ARNs in them. Most worlds have
// the same one, and a definition does not change.
var definitions sync.Map

// called are the functions that the golden definition calls.
var called = sync.OnceValue(golden.Functions)

// define fills the ARNs of functions into the golden definition.
func define(partition string, arn func(function string) string) (definition, error) {
	key := partition
	for _, name := range called() {
		key += " " + arn(name)
	}
	if known, found := definitions.Load(key); found {
		return known.(definition), nil
	}
	text := golden.Definition(partition, arn)
	parsed, err := asl.Parse(text)
	if err != nil {
		return definition{}, fmt.Errorf("the embedded definition: %w", err)
	}
	d := definition{string(text), parsed}
	definitions.Store(key, d)
	return d, nil
}

// publishOwn makes Sluice's own functions in the account, publishes a version of each
// that the definition calls, and makes the definition of those versions, as a deploy of
// the stack does. The safety net is not published: its triggers invoke $LATEST.
func (w *World) publishOwn() error {
	for _, name := range sortedKeys(w.functions) {
		if err := w.cloud.AddFunction(localaws.Function{Name: FunctionPrefix + name, Content: name}); err != nil {
			return err
		}
	}
	return w.defineVersions()
}

// defineVersions publishes what stands as $LATEST of each function that the definition
// calls, and makes the definition that names these versions.
func (w *World) defineVersions() error {
	published := map[string]string{}
	for _, name := range called() {
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
