package stepfunctions

import (
	"time"
	"unicode/utf8"

	"github.com/sluice-aws/sluice/internal/localaws/protocol"
)

// maxTokenLength is the maximum length of a task token (Step Functions' API model).
const maxTokenLength = 2048

// answerTask returns an operation on the task that waits with a token. IAM checks it
// against the state machine.
func answerTask(in input, token string, send func() error) (protocol.Operation, error) {
	op := operationOn("*", func(time.Time) (any, error) {
		if err := send(); err != nil {
			return nil, apiError(err)
		}
		return struct{}{}, nil
	})
	if token == "" || utf8.RuneCountInString(token) > maxTokenLength {
		return op, invalidToken()
	}
	if machine := in.machines.TokenStateMachine(token); machine != "" {
		op.Resource = machine
	}
	return op, nil
}

func (s *Executions) sendTaskSuccess(in input) (protocol.Operation, error) {
	var input struct {
		TaskToken string `json:"taskToken"`
		Output    string `json:"output"`
	}
	if err := in.decode(&input); err != nil {
		return protocol.Operation{}, err
	}
	op, err := answerTask(in, input.TaskToken, func() error { return in.machines.SendTaskSuccess(input.TaskToken, input.Output) })
	if err != nil {
		return op, err
	}
	return op, validateJSON("output", "InvalidOutput", "Output", input.Output)
}

func (s *Executions) sendTaskFailure(in input) (protocol.Operation, error) {
	var input struct {
		TaskToken string `json:"taskToken"`
		Error     string `json:"error"`
		Cause     string `json:"cause"`
	}
	if err := in.decode(&input); err != nil {
		return protocol.Operation{}, err
	}
	op, err := answerTask(in, input.TaskToken, func() error { return in.machines.SendTaskFailure(input.TaskToken, input.Error, input.Cause) })
	if err != nil {
		return op, err
	}
	return op, validateErrorAndCause(input.Error, input.Cause)
}

func (s *Executions) sendTaskHeartbeat(in input) (protocol.Operation, error) {
	var input struct {
		TaskToken string `json:"taskToken"`
	}
	if err := in.decode(&input); err != nil {
		return protocol.Operation{}, err
	}
	return answerTask(in, input.TaskToken, func() error { return in.machines.SendTaskHeartbeat(input.TaskToken) })
}
