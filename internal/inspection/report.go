package inspection

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/smithy-go"

	"github.com/sluice-aws/sluice/internal/awserror"
	"github.com/sluice-aws/sluice/internal/flow"
	"github.com/sluice-aws/sluice/internal/request"
	"github.com/sluice-aws/sluice/internal/shift"
	"github.com/sluice-aws/sluice/internal/task"
)

// Finding is something that was found. Path says where in the input it is about. It is empty for
// the whole of it.
type Finding struct {
	Path string `json:"path"`
	shift.Reason
}

// Report is what an Inspection has found.
type Report struct {
	// Findings keep the deployment from starting, or from working as it is meant to.
	Findings []Finding `json:"findings"`
	// Notes are worth knowing.
	Notes []Finding `json:"notes"`
	// Unchecked is what could not be checked, and why.
	Unchecked []Finding `json:"unchecked"`
}

// Names of what only an Inspection finds.
const (
	NotInstalled      = "NotInstalled"
	AliasBypassed     = "AliasBypassed"
	FunctionOff       = "FunctionSwitchedOff"
	ColdCandidate     = "CandidateStartsCold"
	ProvisioningFails = "ProvisioningFails"
	MovesWithWeights  = "ConcurrencyMoves"
	NoTraffic         = "NoTraffic"
	ThinTraffic       = "ThinTraffic"
	PermissionMissing = "PermissionMissing"
	NotChecked        = "NotChecked"
	NothingToShift    = "NothingToShift"
)

// NewReport returns a Report that has found nothing.
func NewReport() *Report {
	return &Report{Findings: []Finding{}, Notes: []Finding{}, Unchecked: []Finding{}}
}

// Find adds a Finding that keeps the deployment from working as it is meant to.
func (r *Report) Find(path string, why shift.Reason) {
	r.Findings = appendOnce(r.Findings, Finding{path, why})
}

// Add adds what an error means.
func (r *Report) Add(path string, err error) { r.add(path, err) }

func (r *Report) find(path, name, subject, format string, args ...any) {
	r.Findings = appendOnce(r.Findings, newFinding(path, name, subject, format, args...))
}

func (r *Report) note(path, name, subject, format string, args ...any) {
	r.Notes = appendOnce(r.Notes, newFinding(path, name, subject, format, args...))
}

func (r *Report) skip(path, format string, args ...any) {
	r.Unchecked = appendOnce(r.Unchecked, newFinding(path, NotChecked, "", format, args...))
}

func newFinding(path, name, subject, format string, args ...any) Finding {
	return Finding{path, shift.Reason{Name: name, Subject: subject, Text: fmt.Sprintf(format, args...)}}
}

func appendOnce(list []Finding, f Finding) []Finding {
	if slices.Contains(list, f) {
		return list
	}
	return append(list, f)
}

// add adds what an error means. What the caller may not read, or what AWS cannot answer at the
// moment, is not checked.
func (r *Report) add(path string, err error) {
	var input *request.InputError
	switch {
	case err == nil:
	case errors.As(err, &input):
		for _, p := range input.Problems {
			r.find(p.Path, flow.Wire(err).Name, "", "%s", p.Message)
		}
	case !r.skipUnread(path, err):
		r.find(path, flow.Wire(err).Name, "", "%v", err)
	}
}

// skipUnread says what could not be read, if the error means only that.
func (r *Report) skipUnread(path string, err error) bool {
	var coded smithy.APIError
	switch {
	case awserror.IsAccessDenied(err) && errors.As(err, &coded):
		r.skip(path, "your credentials do not allow it: %s", strings.TrimSuffix(coded.ErrorMessage(), "."))
		return true
	case errors.Is(err, shift.ErrThrottled), awserror.IsTransient(err), flow.Wire(err).Name == flow.Unexpected:
		r.skip(path, "%v", err)
		return true
	}
	return false
}

func (r *Report) addProblems(problems []task.Problem) {
	for _, p := range problems {
		if p.Waits {
			r.note(p.Path, cmp.Or(p.Name, flow.Wire(p.Err).Name), "", "a deployment that starts now waits: %v", p.Err)
			continue
		}
		r.add(p.Path, p.Err)
	}
}
