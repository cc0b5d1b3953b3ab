package lambdaalias

import (
	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/shift"
)

// HookChange is what a hook receives about an alias that is being shifted. CandidateARN is
// qualified with the version, because before traffic the alias still leads to Stable.
type HookChange struct {
	flow.Asked
	Function     string `json:"function"`
	Alias        string `json:"alias"`
	StableARN    string `json:"stableArn"`
	CandidateARN string `json:"candidateArn"`
}

// DescribeChange returns what hooks receive about a Change: a HookChange.
func (r *Router) DescribeChange(c shift.Change) (any, error) {
	function, alias, err := flow.SplitLambdaTarget(c.Target)
	if err != nil {
		return nil, err
	}
	return HookChange{Asked: flow.AskAbout(c), Function: function, Alias: alias, StableARN: versionARN(c.Detail, c.Stable), CandidateARN: versionARN(c.Detail, c.Candidate)}, nil
}

func versionARN(functionARN string, v shift.Version) string {
	if v == "" {
		return ""
	}
	return functionARN + ":" + string(v)
}
