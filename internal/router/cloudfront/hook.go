package cloudfront

import (
	"sluice/internal/router/cloudfront/edge"
	"sluice/internal/shift"
)

// HookChange is what a hook receives about a distribution whose viewers are being moved. The
// paths work at any time. A request with the preview header and a release as its value is
// served that release, but only while the key names it.
type HookChange struct {
	Distribution  string `json:"distribution"`
	StablePath    string `json:"stablePath,omitempty"`
	CandidatePath string `json:"candidatePath"`
	PreviewHeader string `json:"previewHeader"`
}

// DescribeChange returns what hooks receive about a Change: a HookChange.
func (r *Router) DescribeChange(c shift.Change) (any, error) {
	distribution, err := splitTarget(c.Target)
	if err != nil {
		return nil, err
	}
	return HookChange{Distribution: distribution, StablePath: releasePath(c.Stable), CandidatePath: releasePath(c.Candidate), PreviewHeader: edge.PreviewHeader}, nil
}

func releasePath(v shift.Version) string {
	if v == "" {
		return ""
	}
	return edge.ReleasesPath + string(v) + "/"
}
