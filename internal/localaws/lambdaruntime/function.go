package lambdaruntime

import (
	"cmp"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"time"
)

// Function is a deployed Lambda function.
type Function struct {
	Name string
	// ARN is the ARN that each invocation carries as its invoked function.
	ARN string
	// Version is the published version that runs; empty means $LATEST.
	Version string
	Region  string
	// Bootstrap is the path of the executable.
	Bootstrap string
	// Variables are the environment variables of the function's configuration. They
	// override the variables that Lambda sets.
	Variables map[string]string
	// Timeout is the maximum duration of an invocation.
	Timeout  time.Duration
	MemoryMB int
}

// environment returns the environment of the function's process: the variables that
// Lambda sets (AWS Lambda developer guide, Defined runtime environment variables) and
// those of the function's configuration. It inherits nothing from this process.
func (f Function) environment(api string) []string {
	variables := map[string]string{
		"AWS_LAMBDA_RUNTIME_API":          api,
		"AWS_LAMBDA_FUNCTION_NAME":        f.Name,
		"AWS_LAMBDA_FUNCTION_VERSION":     cmp.Or(f.Version, "$LATEST"),
		"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": strconv.Itoa(f.MemoryMB),
		"AWS_LAMBDA_LOG_GROUP_NAME":       "/aws/lambda/" + f.Name,
		"AWS_LAMBDA_LOG_STREAM_NAME":      "local",
		"AWS_LAMBDA_INITIALIZATION_TYPE":  "on-demand",
		"AWS_REGION":                      f.Region,
		"AWS_DEFAULT_REGION":              f.Region,
		"LAMBDA_TASK_ROOT":                filepath.Dir(f.Bootstrap),
		"LAMBDA_RUNTIME_DIR":              filepath.Dir(f.Bootstrap),
		"_HANDLER":                        "bootstrap",
		"LANG":                            "en_US.UTF-8",
		"TZ":                              ":UTC",
		"PATH":                            "/usr/local/bin:/usr/bin/:/bin:/opt/bin",
	}
	maps.Copy(variables, f.Variables)
	list := make([]string, 0, len(variables))
	for _, name := range slices.Sorted(maps.Keys(variables)) {
		list = append(list, fmt.Sprintf("%s=%s", name, variables[name]))
	}
	return list
}
