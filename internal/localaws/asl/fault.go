package asl

// Error is an error of the Step Functions API. Code is the exception's name on the
// wire.
type Error struct {
	Code, Message string
}

func (e *Error) Error() string { return e.Code + ": " + e.Message }

// The error codes of the Step Functions API that Machine's methods return. Each comment
// names the method and the reason.
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
	// CodeInvalidToken: SendTask…, when this machine never issued the token.
	CodeInvalidToken = "InvalidToken"
	// CodeTaskTimedOut: SendTask…, when the task has ended: it was answered, failed,
	// timed out, or ended with its execution.
	CodeTaskTimedOut = "TaskTimedOut"
	// CodeInvalidOutput: SendTaskSuccess, when the output is not JSON or is over 256 KiB.
	CodeInvalidOutput = "InvalidOutput"
	// CodeValidationException: Stop and SendTaskFailure, when error is longer than
	// 256 characters or cause longer than 32,768.
	CodeValidationException = "ValidationException"
)
