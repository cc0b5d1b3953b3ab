package world

import (
	"fmt"
	"sync"

	"sluice/internal/localaws/asl"
	golden "sluice/statemachine/asl"
)

// definition is the golden definition as it stands at a place.
type definition struct {
	text   string
	parsed *asl.Definition
}

// definitions are those that some world has asked for, by their places. Most worlds
// stand at the same one, and a definition does not change.
var definitions sync.Map

func definitionAt(at place) (definition, error) {
	if known, found := definitions.Load(at); found {
		return known.(definition), nil
	}
	text := golden.Definition(at.partition, at.functionARN)
	parsed, err := asl.Parse(text)
	if err != nil {
		return definition{}, fmt.Errorf("the embedded definition: %w", err)
	}
	d := definition{text: string(text), parsed: parsed}
	definitions.Store(at, d)
	return d, nil
}
