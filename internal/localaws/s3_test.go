package localaws_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/sluice-aws/sluice/internal/localaws"
)

func TestHeadObjectAnswersWithAStatusAlone(t *testing.T) {
	t.Parallel()
	a := newAccount(t, unlimited())
	a.AddBucket(localaws.Bucket{Name: "closed"})
	a.AddBucket(localaws.Bucket{Name: "open", Listable: true})
	a.AddBucket(localaws.Bucket{Name: "far", Region: "eu-west-1"})
	for _, bucket := range []string{"closed", "open", "far"} {
		a.PutObject(bucket, "a b/c")
		a.PutObject(bucket, "gone")
		a.DeleteObject(bucket, "gone")
	}
	signed := map[string]string{"X-Amz-Content-Sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}
	for _, test := range []struct {
		method, path string
		header       map[string]string
		status       int
	}{
		{"HEAD", "/closed/a%20b/c", signed, 200},
		{"HEAD", "/closed/gone", signed, 403},
		{"HEAD", "/open/gone", signed, 404},
		{"HEAD", "/nowhere/gone", signed, 404},
		{"HEAD", "/far/a%20b/c", signed, 301},
		{"HEAD", "/closed/a%20b/c", nil, 400},
		{"HEAD", "/closed", signed, 501},
		{"GET", "/closed/a%20b/c", signed, 501},
		{"HEAD", "/closed/a%20b/c?versionId=1", signed, 501},
	} {
		answer, body := raw{service: "s3", method: test.method, path: test.path, header: test.header}.send(t, a)
		assert.Equal(t, test.status, answer.StatusCode, "%s %s", test.method, test.path)
		assert.Empty(t, body)
		if test.status == 301 {
			assert.Equal(t, "eu-west-1", answer.Header.Get("X-Amz-Bucket-Region"))
		}
	}
	assert.Equal(t, 6, a.CallCounts()["s3:GetObject"])
}
