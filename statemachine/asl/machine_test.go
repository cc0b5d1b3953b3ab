package asl_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/statemachine/asl"
)

// state has the fields that the tests check in a state of any type.
type state struct {
	Type               string
	Comment            string
	Resource           string
	Parameters         json.RawMessage
	TimeoutSeconds     int
	TimeoutSecondsPath string
	ResultSelector     map[string]string
	ResultPath         json.RawMessage
	OutputPath         json.RawMessage
	Error              string
	ErrorPath          string
	Cause              string
	CausePath          string
	ItemProcessor      struct{ States map[string]state }
	Choices            []choice
	Default            string
	Retry              []retry
	Catch              []catch
	Next               string
}

type choice struct {
	Variable     string
	IsPresent    bool
	StringEquals string
	Next         string
}

type retry struct {
	ErrorEquals     []string
	IntervalSeconds int
	BackoffRate     float64
	MaxDelaySeconds int
	MaxAttempts     int
	JitterStrategy  string
}

type catch struct {
	ErrorEquals []string
	ResultPath  string
	Next        string
}

// states returns all states of the definition by name, including those inside a Map. Names are
// unique in the whole machine.
func states(t *testing.T) map[string]state {
	t.Helper()
	var machine struct{ States map[string]state }
	require.NoError(t, json.Unmarshal(asl.Definition("aws", arn), &machine))
	all := map[string]state{}
	for name, s := range machine.States {
		all[name] = s
		for inner, i := range s.ItemProcessor.States {
			all[inner] = i
		}
	}
	return all
}

func arn(function string) string {
	return "arn:aws:lambda:eu-central-1:123456789012:function:" + function + ":1"
}
