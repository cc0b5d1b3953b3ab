package flow

import (
	"net/netip"

	"github.com/sluice-aws/sluice/internal/shift"
)

// Asked is what a user's function receives about every Target.
type Asked struct {
	Kind      string        `json:"kind"`
	Target    shift.Target  `json:"target"`
	Stable    shift.Version `json:"stable"` // empty if the Target is created
	Candidate shift.Version `json:"candidate"`
}

// AskAbout returns what a user's function receives about the Target of any Change.
func AskAbout(c shift.Change) Asked {
	return Asked{Kind: c.Target.Kind(), Target: c.Target, Stable: c.Stable, Candidate: c.Candidate}
}

const (
	// ReleasesPath begins the path of every file of a release of a site. Its release follows.
	// Whoever asks for such a path gets that release, whatever the Weight is.
	ReleasesPath = "/releases/"
	// PreviewHeader is the request header that has a site answered by a release, if that is
	// Stable or the Candidate.
	PreviewHeader = "x-sluice-preview"
)

// AskedCloudFront is what a user's function receives about a site. Before traffic, the Candidate
// is reached by its path alone: the distribution learns of it with the first Step.
type AskedCloudFront struct {
	Asked
	Distribution  string `json:"distribution"`
	StablePath    string `json:"stablePath,omitempty"`
	CandidatePath string `json:"candidatePath"`
	// The URLs are there if the input names a domain.
	StableURL     string `json:"stableUrl,omitempty"`
	CandidateURL  string `json:"candidateUrl,omitempty"`
	PreviewHeader Header `json:"previewHeader"`
}

// Header is a header of a request.
type Header struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// AskAboutCloudFront describes a Change of kind shift.KindCloudFront. It returns
// shift.ErrUnknownTarget for any other.
func AskAboutCloudFront(c shift.Change) (AskedCloudFront, error) {
	distribution, err := SplitCloudFrontTarget(c.Target)
	if err != nil {
		return AskedCloudFront{}, err
	}
	site, err := ParseSite(c.Detail)
	stable, candidate := releasePath(c.Stable), releasePath(c.Candidate)
	return AskedCloudFront{
		Asked: AskAbout(c), Distribution: distribution, StablePath: stable, CandidatePath: candidate,
		StableURL: site.url(stable), CandidateURL: site.url(candidate),
		PreviewHeader: Header{Name: PreviewHeader, Value: string(c.Candidate)},
	}, err
}

func releasePath(v shift.Version) string {
	if v == "" {
		return ""
	}
	return ReleasesPath + string(v) + "/"
}

// AskedRoute53 is what a user's function receives about a name. It reaches the Candidate by its
// endpoint, with the name as the Host.
type AskedRoute53 struct {
	Asked
	Zone string `json:"zone"`
	Name string `json:"name"`
	// StableEndpoint is nil for what an input could not say.
	StableEndpoint    *AskedEndpoint `json:"stableEndpoint"`
	CandidateEndpoint *AskedEndpoint `json:"candidateEndpoint"`
}

// AskedEndpoint is an Endpoint as an input writes it.
type AskedEndpoint struct {
	Alias  *Alias                  `json:"alias,omitempty"`
	Values map[string][]netip.Addr `json:"values,omitempty"`
	CNAME  string                  `json:"cname,omitempty"`
}

// AskAboutRoute53 describes a Change of kind shift.KindRoute53. It returns shift.ErrUnknownTarget
// for any other, and shift.ErrVersionNotFound for a Candidate that is no Endpoint.
func AskAboutRoute53(c shift.Change) (AskedRoute53, error) {
	zone, name, err := SplitRoute53Target(c.Target)
	if err != nil {
		return AskedRoute53{}, err
	}
	candidate, err := ParseEndpoint(c.Candidate)
	if err != nil {
		return AskedRoute53{}, err
	}
	asked := AskedRoute53{Asked: AskAbout(c), Zone: zone, Name: name, CandidateEndpoint: askedEndpoint(candidate)}
	if stable, err := ParseEndpoint(c.Stable); err == nil {
		asked.StableEndpoint = askedEndpoint(stable)
	}
	return asked, nil
}

func askedEndpoint(e Endpoint) *AskedEndpoint {
	asked := &AskedEndpoint{CNAME: e.CNAME}
	if e.Alias != (Alias{}) {
		asked.Alias = &e.Alias
	}
	for name, addresses := range map[string][]netip.Addr{"A": e.A, "AAAA": e.AAAA} {
		if len(addresses) > 0 {
			if asked.Values == nil {
				asked.Values = map[string][]netip.Addr{}
			}
			asked.Values[name] = addresses
		}
	}
	return asked
}

// AskedSwitch is what a user's function receives about a name that one of two distributions
// serves: Stable and Candidate are their ids. The Candidate can be asked under its own domain
// name at any time.
type AskedSwitch struct {
	Asked
	Name            string `json:"name"`
	CandidateDomain string `json:"candidateDomain"`
}

// AskAboutSwitch describes a Change of kind shift.KindSwitch. It returns shift.ErrUnknownTarget
// for any other.
func AskAboutSwitch(c shift.Change) (AskedSwitch, error) {
	name, err := SplitSwitchTarget(c.Target)
	return AskedSwitch{Asked: AskAbout(c), Name: name, CandidateDomain: c.Detail}, err
}
