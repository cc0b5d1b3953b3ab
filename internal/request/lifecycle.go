package request

import (
	"encoding/base64"
	"encoding/json"
	"errors"

	"github.com/sluice-aws/sluice/internal/shift"
	"github.com/sluice-aws/sluice/internal/shift/hookid"
)

// LifecycleAnswer is the answer of a hook that was written for CodeDeploy: a call of
// PutLifecycleEventHookExecutionStatus.
type LifecycleAnswer struct {
	ID           hookid.ID
	DeploymentID string
	Status       shift.LifecycleStatus
}

// LifecycleError is an answer in CodeDeploy's words to a call that is not obeyed.
type LifecycleError struct{ Type, Message string }

// Error returns the type and the message. They tell nothing of what the call contained.
func (e *LifecycleError) Error() string { return e.Type + ": " + e.Message }

// The errors of PutLifecycleEventHookExecutionStatus (CodeDeploy API Reference), and those of the
// protocol AWS JSON 1.1.
var (
	ErrUnknownOperation = &LifecycleError{"UnknownOperationException", "only PutLifecycleEventHookExecutionStatus of CodeDeploy is answered here"}
	ErrSerialization    = &LifecycleError{"SerializationException", "the body is not the JSON of PutLifecycleEventHookExecutionStatus, or too long"}
	ErrLifecycleStatus  = &LifecycleError{"InvalidLifecycleEventHookExecutionStatusException", "the status must be Succeeded or Failed"}
	// ErrLifecycleID is the one answer for all that does not lead to a hook which is awaited. It
	// must not tell whether the id, the deployment or the time is wrong.
	ErrLifecycleID        = &LifecycleError{"InvalidLifecycleEventHookExecutionIdException", "nobody waits for this hook any more"}
	ErrLifecycleCompleted = &LifecycleError{"LifecycleEventAlreadyCompletedException", "this hook has answered otherwise before"}
)

const (
	lifecycleTarget = "CodeDeploy_20141006.PutLifecycleEventHookExecutionStatus"
	// maxLifecycleBody bounds a body, in bytes. The SDKs send some 150.
	maxLifecycleBody = 4 << 10
)

// urlEvent is the part of a function URL's request that is read (Lambda Developer Guide, Invoking
// Lambda function URLs, payload format 2.0). The names of the headers are in lower case. The other
// headers have the caller's credentials: they are not even decoded.
type urlEvent struct {
	Headers struct {
		Target string `json:"x-amz-target"`
	} `json:"headers"`
	RequestContext struct {
		RequestID string `json:"requestId"`
	} `json:"requestContext"`
	Body            string `json:"body"`
	IsBase64Encoded bool   `json:"isBase64Encoded"`
}

// DecodeLifecycleAnswer reads an answer from a request to the function URL, whatever its path. It
// returns a *LifecycleError for what is not one. It returns the request's id in any case, if there
// is one.
func DecodeLifecycleAnswer(event []byte) (answer LifecycleAnswer, requestID string, err error) {
	var e urlEvent
	if json.Unmarshal(event, &e) != nil {
		return LifecycleAnswer{}, "", ErrSerialization
	}
	requestID = e.RequestContext.RequestID
	if e.Headers.Target != lifecycleTarget {
		return LifecycleAnswer{}, requestID, ErrUnknownOperation
	}
	body, err := e.body()
	if err != nil {
		return LifecycleAnswer{}, requestID, ErrSerialization
	}
	answer, err = decodeLifecycleBody(body)
	return answer, requestID, err
}

// EncodeLifecycleAnswer returns the request to the function URL that has this body, for callers who
// invoke the function itself.
func EncodeLifecycleAnswer(body []byte) ([]byte, error) {
	var e urlEvent
	e.Headers.Target = lifecycleTarget
	e.Body, e.IsBase64Encoded = base64.StdEncoding.EncodeToString(body), true
	return json.Marshal(e)
}

// body returns the body. Lambda encodes every body that its Content-Type does not call a text.
func (e urlEvent) body() ([]byte, error) {
	switch {
	case !e.IsBase64Encoded && len(e.Body) <= maxLifecycleBody:
		return []byte(e.Body), nil
	case e.IsBase64Encoded && len(e.Body) <= base64.StdEncoding.EncodedLen(maxLifecycleBody):
		return base64.StdEncoding.DecodeString(e.Body)
	}
	return nil, errors.New("too long")
}

func decodeLifecycleBody(body []byte) (LifecycleAnswer, error) {
	var input struct {
		DeploymentID string                `json:"deploymentId"`
		HookID       string                `json:"lifecycleEventHookExecutionId"`
		Status       shift.LifecycleStatus `json:"status"`
	}
	if len(body) > maxLifecycleBody || json.Unmarshal(body, &input) != nil {
		return LifecycleAnswer{}, ErrSerialization
	}
	if input.Status != shift.LifecycleSucceeded && input.Status != shift.LifecycleFailed {
		return LifecycleAnswer{}, ErrLifecycleStatus
	}
	id, ok := hookid.Parse(input.HookID)
	if !ok {
		return LifecycleAnswer{}, ErrLifecycleID
	}
	return LifecycleAnswer{ID: id, DeploymentID: input.DeploymentID, Status: input.Status}, nil
}
