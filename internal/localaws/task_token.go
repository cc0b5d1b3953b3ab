package localaws

import "time"

// longestToken is how long a task token may be (Step Functions' API model).
const longestToken = 2048

// answerTask is an operation on the task that waits with a token. IAM checks
// it against the state machine.
func answerTask(in statesInput, token string, send func() error) (operation, error) {
	op := about("*", func(time.Time) (any, error) {
		if err := send(); err != nil {
			return nil, statesError(err)
		}
		return struct{}{}, nil
	})
	if token == "" || len(token) > longestToken {
		return op, invalidToken()
	}
	if machine := in.machines.TokenStateMachine(token); machine != "" {
		op.resource = machine
	}
	return op, nil
}

func (c *Cloud) sendTaskSuccess(in statesInput) (operation, error) {
	var input struct {
		TaskToken string `json:"taskToken"`
		Output    string `json:"output"`
	}
	if err := in.decode(&input); err != nil {
		return operation{}, err
	}
	op, err := answerTask(in, input.TaskToken, func() error { return in.machines.SendTaskSuccess(input.TaskToken, input.Output) })
	if err != nil {
		return op, err
	}
	return op, validateJSON("output", "InvalidOutput", "Output", input.Output)
}

func (c *Cloud) sendTaskFailure(in statesInput) (operation, error) {
	var input struct {
		TaskToken string `json:"taskToken"`
		Error     string `json:"error"`
		Cause     string `json:"cause"`
	}
	if err := in.decode(&input); err != nil {
		return operation{}, err
	}
	op, err := answerTask(in, input.TaskToken, func() error { return in.machines.SendTaskFailure(input.TaskToken, input.Error, input.Cause) })
	if err != nil {
		return op, err
	}
	return op, validateErrorAndCause(input.Error, input.Cause)
}

func (c *Cloud) sendTaskHeartbeat(in statesInput) (operation, error) {
	var input struct {
		TaskToken string `json:"taskToken"`
	}
	if err := in.decode(&input); err != nil {
		return operation{}, err
	}
	return answerTask(in, input.TaskToken, func() error { return in.machines.SendTaskHeartbeat(input.TaskToken) })
}
