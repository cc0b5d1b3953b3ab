package s3object_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/localaws"
	"github.com/sluice-aws/sluice/internal/operator"
	"github.com/sluice-aws/sluice/internal/operator/s3object"
)

// bucket is an S3 that checks signatures as S3 does, and answers with one status.
type bucket struct {
	t      *testing.T
	region string
	status int
	body   string
	chunks bool // the length of the body is not told
	cfg    aws.Config
	seen   *http.Request
}

func (b *bucket) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.seen = r
	signedFor := strings.Split(r.Header.Get("Authorization"), "/")[2]
	assert.Equal(b.t, b.signature(r, signedFor), r.Header.Get("Authorization"))
	if signedFor != b.region {
		w.Header().Set("X-Amz-Bucket-Region", b.region)
		w.WriteHeader(http.StatusMovedPermanently)
		return
	}
	w.WriteHeader(b.status)
	if b.chunks {
		w.(http.Flusher).Flush()
	}
	_, _ = io.WriteString(w, b.body)
}

// signature is what S3 computes from the request that it has got.
func (b *bucket) signature(r *http.Request, region string) string {
	again, err := http.NewRequest(r.Method, "http://"+r.Host+r.RequestURI, http.NoBody)
	require.NoError(b.t, err)
	for name, values := range r.Header {
		if name != "Authorization" && name != "Accept-Encoding" && name != "User-Agent" {
			again.Header[name] = values
		}
	}
	at, err := time.Parse("20060102T150405Z", r.Header.Get("X-Amz-Date"))
	require.NoError(b.t, err)
	credentials, err := b.cfg.Credentials.Retrieve(b.t.Context())
	require.NoError(b.t, err)
	signer := v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true })
	require.NoError(b.t, signer.SignHTTP(b.t.Context(), credentials, again, r.Header.Get("X-Amz-Content-Sha256"), "s3", region, at))
	return again.Header.Get("Authorization")
}

func (b *bucket) read(t *testing.T, o operator.Object) ([]byte, error) {
	t.Helper()
	b.t = t
	server := httptest.NewServer(b)
	t.Cleanup(server.Close)
	b.cfg = localaws.ClientConfig("somebody", server.Client())
	b.cfg.BaseEndpoint = &server.URL
	return s3object.FromConfig(b.cfg).Read(t.Context(), o, 10)
}

func TestAnObjectIsRead(t *testing.T) {
	t.Parallel()
	for _, region := range []string{"us-east-1", "eu-west-1"} {
		b := &bucket{region: region, status: 200, body: "ten bytes!"}
		text, err := b.read(t, operator.Object{Bucket: "a.b", Key: "a b/ä+&$.yaml", Version: "x/y", ETag: "e"})
		require.NoError(t, err, region)
		assert.Equal(t, "ten bytes!", string(text))
		assert.Equal(t, "/a.b/a%20b/%C3%A4%2B%26%24.yaml?versionId=x%2Fy", b.seen.RequestURI)
		assert.Equal(t, `"e"`, b.seen.Header.Get("If-Match"))
	}
}

func TestObjectsThatAreNotReadSayWhy(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		bucket
		want error
	}{
		"too large":                  {bucket{status: 200, body: "ten bytes!!"}, operator.ErrTooLarge},
		"too large, of which length": {bucket{status: 200, body: "ten bytes!!", chunks: true}, operator.ErrTooLarge},
		"missing":                    {bucket{status: 404}, operator.ErrNoObject},
		"not allowed, or missing":    {bucket{status: 403}, operator.ErrNoObject},
		"another ETag":               {bucket{status: 412}, operator.ErrNoObject},
		"too many calls":             {bucket{status: 503}, operator.ErrUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test.region = "us-east-1"
			_, err := test.read(t, operator.Object{Bucket: "b", Key: "k"})
			require.ErrorIs(t, err, test.want)
			require.ErrorContains(t, err, "read s3://b/k: ")
		})
	}
}
