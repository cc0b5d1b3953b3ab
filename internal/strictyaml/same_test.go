package strictyaml_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
	"pgregory.net/rapid"

	"github.com/sluice-aws/sluice/internal/strictjson"
	"github.com/sluice-aws/sluice/internal/strictyaml"
)

// aValue is any value that JSON and YAML both have.
func aValue(depth int) *rapid.Generator[any] {
	texts := rapid.OneOf(
		rapid.StringMatching(`[ -~äß€]{0,12}`),
		rapid.SampledFrom([]string{"yes", "off", "null", "~", "1", "0x1f", "09:00", "2026-11-30", "{", "- a", "a: b", "#", "a #b", "'", "\"", "!!str", "&a", "*a", "<<", "line\nline\n", " ", "$schema"}),
	)
	scalars := []*rapid.Generator[any]{
		rapid.Just[any](nil), rapid.Bool().AsAny(), rapid.Int32().AsAny(), rapid.Float64Range(-1e6, 1e6).AsAny(), texts.AsAny(),
	}
	if depth == 0 {
		return rapid.OneOf(scalars...)
	}
	return rapid.OneOf(append(scalars,
		rapid.SliceOfN(aValue(depth-1), 0, 4).AsAny(),
		rapid.MapOfN(texts, aValue(depth-1), 0, 4).AsAny())...)
}

// Whatever can be written as JSON means the same when it is written as YAML.
func TestADocumentIsTheSameInJSONAndInYAML(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		value := aValue(3).Draw(t, "value")
		want, err := json.Marshal(value)
		require.NoError(t, err)
		for name, written := range map[string]func() ([]byte, error){
			"in blocks": func() ([]byte, error) { return yaml.Marshal(value) },
			"as JSON":   func() ([]byte, error) { return want, nil },
		} {
			text, err := written()
			require.NoError(t, err)
			var problems strictjson.Problems
			got, _ := strictyaml.Convert(text, &problems)
			require.Empty(t, problems.List(), "%s: %s", name, text)
			assert.JSONEq(t, string(want), string(got), "%s: %s", name, text)
		}
	})
}
