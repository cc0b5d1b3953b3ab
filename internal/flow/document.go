package flow

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/sluice-aws/sluice/internal/shift"
)

// Document is what flows through the state machine. Each field has one writer.
type Document struct {
	Release    *shift.Release    `json:"release,omitempty"`
	Deployment *shift.Deployment `json:"deployment,omitempty"`
	// Progress is absent before the first Step.
	Progress *shift.Progress `json:"progress,omitempty"`
	// Failure is written by every Catch, and inside the Map over hooks also by the tasks
	// that note which hook has failed.
	Failure *Failure `json:"failure,omitempty"`
	// Hook is there only inside the Map over the hooks of a Point.
	Hook *shift.Hook `json:"hook,omitempty"`
}

// need returns what a task needs and a Document lacks, or "".
type need func(Document) string

// checkSchema returns shift.ErrSchemaTooNew for a Document from newer code.
func (d Document) checkSchema() error {
	schema := 0
	if d.Release != nil {
		schema = d.Release.Schema
	}
	if d.Deployment != nil {
		schema = max(schema, d.Deployment.Schema)
	}
	return shift.CheckSchema("the document", schema)
}

// schemaOf reads nothing but the schema numbers of a call's Document: the rest may have a
// form that only newer code reads.
func schemaOf(payload []byte) Document {
	type part struct {
		Schema int `json:"schema"`
	}
	var call struct {
		Document struct {
			Release    part `json:"release"`
			Deployment part `json:"deployment"`
		} `json:"document"`
	}
	_ = json.Unmarshal(payload, &call) // the caller has its error
	return Document{
		Release:    &shift.Release{Schema: call.Document.Release.Schema},
		Deployment: &shift.Deployment{Schema: call.Document.Deployment.Schema},
	}
}

// IsOpened reports whether Open has answered with a Plan.
func (d Document) IsOpened() bool { return d.Deployment != nil && d.Deployment.Plan.Len() > 0 }

// check returns an error for a Document that lacks something. The definition sends no such
// Document, but others who may invoke the Lambda can.
func (d Document) check(needs []need) error {
	for _, lacks := range needs {
		if what := lacks(d); what != "" {
			return fmt.Errorf("the document has no %s", what)
		}
	}
	return nil
}

func needsRelease(d Document) string { return missingUnless(d.Release != nil, "release") }

func needsHook(d Document) string { return missingUnless(d.Hook != nil, "hook") }

func needsPlan(d Document) string {
	return missingUnless(d.IsOpened(), "deployment with a plan")
}

// needsProgress is for tasks that run after the first Step, or while it is waited for.
func needsProgress(d Document) string {
	return missingUnless(d.Progress != nil && (d.Progress.Step == 0 || d.hasStep(d.Progress.Step)), "progress at a step of the plan")
}

// needsStep is for tasks that run after the first Step.
func needsStep(d Document) string {
	return missingUnless(d.Progress != nil && d.hasStep(d.Progress.Step), "progress at a step of the plan")
}

func needsNextStep(d Document) string {
	return missingUnless(d.Progress == nil || d.hasStep(d.Progress.NextStep) && (d.Progress.Step == 0 || d.hasStep(d.Progress.Step)), "next step of the plan")
}

func (d Document) hasStep(step int) bool { return step >= 1 && step <= d.Deployment.Plan.Len() }

func missingUnless(has bool, what string) string {
	if has {
		return ""
	}
	return what
}

// maxDocument keeps the Document well below the 256 KiB that a state accepts (Step
// Functions quotas), so that Progress and failures still fit.
const maxDocument = 96 << 10

// CheckSize returns shift.ErrDocumentTooLarge for a Document over 96 KiB.
func (d Document) CheckSize() error {
	text, err := json.Marshal(d)
	if err != nil {
		return err
	}
	if len(text) > maxDocument {
		return fmt.Errorf("%w: settled, it has %d bytes, and at most %d fit: use fewer steps, targets, alarms or hooks",
			shift.ErrDocumentTooLarge, len(text), maxDocument)
	}
	return nil
}

// Failure is an error as Step Functions passes it to a Catch.
type Failure struct {
	Error string `json:"Error"`
	Cause string `json:"Cause"`
}

// Call is the payload of a task: the Document, and values from the context object.
type Call[D any] struct {
	// State is the name of the task state.
	State string `json:"state"`
	// Now is when the state was entered. It is for records only, and does not
	// advance while the state is retried.
	Now time.Time `json:"now"`
	// ExecutionID is the ARN of the execution, and the id of its Deployment.
	ExecutionID string `json:"executionId"`
	// Retry is how often this visit of the state has been retried.
	Retry int `json:"retry"`
	// Token is the task token of a state that waits for one.
	Token    string `json:"taskToken,omitempty"`
	Document D      `json:"document"`
}

// Undoing is what Rollback writes.
type Undoing struct {
	Outcome shift.Outcome `json:"outcome"`
	// Undone says what was found and done at each Target.
	Undone []shift.Undone `json:"undone"`
	// Reasons say why. Executions of earlier versions lack them.
	Reasons []shift.Reason `json:"reasons"`
	// Cause begins with an error's name and says what a person can do.
	Cause string `json:"cause"`
	// Unchanged is set when Open failed in one try, and another one has closed the Deployment
	// because there was nothing to shift. The Outcome is Rejected then, which is where
	// executions of earlier versions go.
	Unchanged *shift.Summary `json:"unchanged,omitempty"`
}
