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

// Function is a Lambda function as it is deployed.
type Function struct {
	Name string
	// ARN is what an invocation says that it was invoked by.
	ARN string
	// Version is the published version that runs; empty is $LATEST.
	Version string
	Region  string
	// Bootstrap is the path of the executable.
	Bootstrap string
	// Variables are the environment that the function is configured with. What
	// else Lambda sets, it sets first.
	Variables map[string]string
	// Timeout is how long an invocation may take.
	Timeout  time.Duration
	MemoryMB int
}

// environment is what the process finds in its environment: nothing of this
// process's, what Lambda sets (AWS Lambda developer guide, Defined runtime
// environment variables), and what the function is configured with.
func (f Function) environment(api string) []string {
	set := map[string]string{
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
	maps.Copy(set, f.Variables)
	list := make([]string, 0, len(set))
	for _, name := range slices.Sorted(maps.Keys(set)) {
		list = append(list, fmt.Sprintf("%s=%s", name, set[name]))
	}
	return list
}
