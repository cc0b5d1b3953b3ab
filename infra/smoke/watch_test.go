package main

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/smithy-go/encoding/cbor"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// CloudWatch's metrics are not in the local AWS; here it counts what it is told, from the third
// question on.
func TestMetricsAreWaitedFor(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		alias, version float64
		verdict        verdict
		says           string
	}{
		"all are known":           {5, 5, held, "complete after the end of their minute: by alias after 0s, by version after 0s"},
		"the version is unknown":  {5, 0, differs, "not all of the 5 invocations are known after 6m0s: by alias after 0s, by version not yet"},
		"one invocation is lost":  {4, 5, differs, "by alias not yet, by version after 0s"},
		"not one of them is seen": {0, 0, differs, "by alias not yet, by version not yet"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, asked := play(t, 100, `{}`), 0
			a.config.HTTPClient = between(a.config.HTTPClient, func(r *http.Request, body []byte, send send) (*http.Response, error) {
				if !strings.HasSuffix(r.URL.Path, "/operation/GetMetricData") {
					return send(body)
				}
				asked++
				result := func(id string, value float64) cbor.Value {
					values := cbor.List{}
					if asked > 2 && value > 0 {
						values = cbor.List{cbor.Float64(value)}
					}
					return cbor.Map{"Id": cbor.String(id), "Values": values}
				}
				answer := respond(r, 200, "application/cbor", "")
				answer.Header.Set("Smithy-Protocol", "rpc-v2-cbor")
				answer.Body = io.NopCloser(strings.NewReader(string(cbor.Encode(cbor.Map{
					"MetricDataResults": cbor.List{result(byAlias, test.alias), result(byVersion, test.version)},
				}))))
				return answer, nil
			})
			got, err := metrics(t.Context(), a.demo(t))
			require.NoError(t, err)
			assert.Equal(t, test.verdict, got.verdict)
			assert.Contains(t, got.seen, test.says)
			assert.Greater(t, asked, 2)
		})
	}
}
