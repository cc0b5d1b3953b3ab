package lambdaalias

import "sluice/internal/shift"

// Told is what a hook is told of an alias that is being shifted. The Candidate's ARN is its
// own, qualified one: before traffic, the alias would still reach Stable.
type Told struct {
	Function     string `json:"function"`
	Alias        string `json:"alias"`
	StableARN    string `json:"stableArn"`
	CandidateARN string `json:"candidateArn"`
}

// Tell says what hooks are told of a Change.
func (r *Router) Tell(c shift.Change) (any, error) {
	function, alias, err := c.Target.Lambda()
	if err != nil {
		return nil, err
	}
	return Told{Function: function, Alias: alias, StableARN: qualified(c.Detail, c.Stable), CandidateARN: qualified(c.Detail, c.Candidate)}, nil
}

func qualified(functionARN string, v shift.Version) string {
	if v == "" {
		return ""
	}
	return functionARN + ":" + string(v)
}
