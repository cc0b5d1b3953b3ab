package lambdaruntime

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"testing"
	"time"
)

// behaviour is the environment variable that turns this test's own binary into a
// bootstrap.
const behaviour = "BOOTSTRAP_BEHAVIOUR"

// TestMain runs the bootstrap if a Sandbox started this process.
func TestMain(m *testing.M) {
	if how := os.Getenv(behaviour); how != "" {
		os.Exit(bootstrap(how))
	}
	os.Exit(m.Run())
}

// bootstrap is a runtime whose function does what its event says.
func bootstrap(how string) int {
	base := "http://" + os.Getenv("AWS_LAMBDA_RUNTIME_API") + "/2018-06-01/runtime/"
	switch how {
	case "exits":
		return 3
	case "fails to start":
		post(base+"init/error", `{"errorMessage": "no table", "errorType": "Settings"}`, "")
		return 1
	}
	fmt.Println("started")
	for {
		answer, err := http.Get(base + "invocation/next")
		if err != nil {
			return 0 // the API is closed
		}
		event, err := io.ReadAll(answer.Body)
		if err != nil {
			return 0
		}
		id := answer.Header.Get("Lambda-Runtime-Aws-Request-Id")
		serve(base+"invocation/"+id, string(event), answer.Header)
	}
}

func serve(invocation, event string, header http.Header) {
	switch event {
	case `"exit"`:
		os.Exit(7)
	case `"exit after the answer"`:
		post(invocation+"/response", `"done"`, "")
		os.Exit(0)
	case `"hang"`:
		time.Sleep(time.Hour)
	case `"fail"`:
		post(invocation+"/error", `{"errorMessage": "no", "errorType": "Refused"}`, "")
	case `"fail without a type"`:
		post(invocation+"/error", `{"errorMessage": "no"}`, "Named")
	case `"too large"`:
		post(invocation+"/response", `"`+string(bytes.Repeat([]byte("x"), 7<<20))+`"`, "")
	case `"answer another"`:
		status := post(invocation+"0/response", `{}`, "")
		post(invocation+"/response", strconv.Itoa(status), "")
	case `"ask for more"`:
		status := askForMore(invocation[:len(invocation)-len(header.Get("Lambda-Runtime-Aws-Request-Id"))])
		post(invocation+"/response", strconv.Itoa(status), "")
	case `"headers"`:
		all, _ := json.Marshal(header)
		post(invocation+"/response", string(all), "")
	case `"environment"`:
		all, _ := json.Marshal(os.Environ())
		post(invocation+"/response", string(all), "")
	default:
		post(invocation+"/response", event, "")
	}
}

// askForMore requests the next invocation before this one is answered.
func askForMore(invocations string) int {
	more, err := http.Get(invocations + "next")
	if err != nil {
		os.Exit(9)
	}
	defer more.Body.Close()
	return more.StatusCode
}

func post(to, body, errorType string) int {
	request, err := http.NewRequest(http.MethodPost, to, bytes.NewReader([]byte(body)))
	if err != nil {
		return 0
	}
	if errorType != "" {
		request.Header.Set("Lambda-Runtime-Function-Error-Type", errorType)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0
	}
	defer answer.Body.Close()
	return answer.StatusCode
}
