package asl

// Error is a call that the Step Functions API refuses. Code is the exception's
// name on the wire.
type Error struct {
	Code, Message string
}

func (e *Error) Error() string { return e.Code + ": " + e.Message }

// The codes of the Step Functions API that Machine's methods return, each with
// the method that returns it.
const (
	// CodeExecutionAlreadyExists: Start, when the name was used before, unless that
	// execution is running and has the same input.
	CodeExecutionAlreadyExists = "ExecutionAlreadyExists"
	// CodeInvalidName: Start, when the name is longer than 80 characters or has
	// characters that AWS forbids.
	CodeInvalidName = "InvalidName"
	// CodeInvalidExecutionInput: Start, when the input is not JSON or is over 256 KiB.
	CodeInvalidExecutionInput = "InvalidExecutionInput"
	// CodeExecutionDoesNotExist: Stop and Redrive.
	CodeExecutionDoesNotExist = "ExecutionDoesNotExist"
	// CodeExecutionNotRedrivable: Redrive, for the reasons that Machine.Redrive lists.
	CodeExecutionNotRedrivable = "ExecutionNotRedrivable"
	// CodeInvalidToken: SendTask…, when the token was never given out by this machine.
	CodeInvalidToken = "InvalidToken"
	// CodeTaskTimedOut: SendTask…, when the task has ended: answered, failed, timed
	// out, or closed together with its execution.
	CodeTaskTimedOut = "TaskTimedOut"
	// CodeInvalidOutput: SendTaskSuccess, when the output is not JSON or is over 256 KiB.
	CodeInvalidOutput = "InvalidOutput"
	// CodeValidationException: Stop and SendTaskFailure, when error is longer than
	// 256 characters or cause longer than 32,768.
	CodeValidationException = "ValidationException"
)
