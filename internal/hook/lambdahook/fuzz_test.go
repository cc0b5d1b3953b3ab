package lambdahook

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/shift"
)

// Whatever a hook's Lambda answers when it fails, the error is bounded, has no line
// breaks, and does not tell the task token.
func FuzzFailed(f *testing.F) {
	const token = "AQCEAAAAKgAAAAMAAAAAAAAAAZ+a-token-that-nobody/else-than-its-owner=may-ever-see-at-all=="
	f.Add([]byte(`{"errorMessage": "no", "errorType": "Refused"}`))
	f.Add([]byte(`{"errorMessage": "` + token + `"}`))
	f.Add([]byte(`{"errorMessage": "AQCEAAAAKgAAAAMAAAAAAAAAAZ\u002Ba-token-that-nobody\/else-than-its-owner\u003Dmay-ever-see-at-all"}`))
	f.Add([]byte(`no JSON: AQCEAAAAKgAAAAMAAAAAAAAAAZ%2Ba-token-that-nobody%2Felse-than-its-owner%3Dmay-ever-see-at-all`))
	f.Add([]byte(`[]`))
	f.Add([]byte("\n\x00" + token))
	f.Fuzz(func(t *testing.T, payload []byte) {
		err := functionError(payload, token)
		require.ErrorIs(t, err, shift.ErrHookFailed)
		require.NotContains(t, err.Error(), token)
		for _, part := range strings.FieldsFunc(token, func(r rune) bool { return strings.ContainsRune("+/=", r) }) {
			require.NotContains(t, err.Error(), part)
		}
		require.Less(t, len(err.Error()), 8000)
		require.False(t, strings.ContainsAny(err.Error(), "\n\r\x00"))
	})
}
