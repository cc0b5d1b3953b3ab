package strictjson_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/sluice-aws/sluice/internal/strictjson"
)

func TestEachValueIsLocated(t *testing.T) {
	t.Parallel()
	const text = "\xef\xbb\xbf{\"ä\": 1, \"targets\": [\n  {\"function\": \"o\"},\n\t{\"a b\" : [1, 2 ,\n3]}],\n \"twice\": 1, \"twice\": {}}"
	positions := strictjson.Locate([]byte(text))
	for path, want := range map[string]string{
		"": "line 1, column 1", `"\u00e4"`: "line 1, column 2", "targets": "line 1, column 10", "targets[0]": "line 2, column 3",
		"targets[0].function": "line 2, column 4", `targets[1]."a b"`: "line 3, column 3", `targets[1]."a b"[1]`: "line 3, column 15",
		`targets[1]."a b"[2]`: "line 4, column 1", "twice": "line 5, column 14",
		// What is missing is where its object is.
		"targets[0].version": "line 2, column 3", "strategy.canary": "line 1, column 1",
	} {
		at, found := positions.Find(path)
		assert.True(t, found, path)
		assert.Equal(t, want, at.String(), path)
	}
}

func TestATextThatBreaksOffIsLocatedAsFarAsItGoes(t *testing.T) {
	t.Parallel()
	for _, text := range []string{`{"a": [1, `, `{"a": [1, 2}`, `{"a": {"b": 1}`, `{"a" 1`, `{1: 2}`, ``, strings.Repeat(`[`, 100)} {
		at, found := strictjson.Locate([]byte(text)).Find("a[0].b")
		assert.True(t, found, text)
		assert.Equal(t, 1, at.Line, text)
	}
}

func TestAnObjectOfAnyCaseIsReadByOneSpelling(t *testing.T) {
	t.Parallel()
	var problems strictjson.Problems
	o := strictjson.Parse([]byte(`{"NAME": 1, "Alias": "x", "name": "y", "other": 2}`), &problems).ObjectOfAnyCase("{}", "name", "alias", "type")
	o.Field("name").Text()
	assert.Equal(t, "x", o.Field("alias").Text())
	o.Require("type")
	assert.Equal(t, []string{
		"name: appears twice: as NAME, too", "other: is not known here; known are name, alias, type", "NAME: must be a string, not a number", "type: is missing",
	}, lines(problems))
	assert.True(t, o.HasAnyCase("nAmE"))
	assert.False(t, o.HasAnyCase("function"))
	strictjson.Parse([]byte(`[]`), &problems).ObjectOfAnyCase(`{"a": 1}`, "a").Field("a").Text()
	assert.Equal(t, `must be an object such as {"a": 1}, not an array`, lines(problems)[4])
}
