package localaws_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	kvs "github.com/aws/aws-sdk-go-v2/service/cloudfrontkeyvaluestore"
	"github.com/aws/aws-sdk-go-v2/service/cloudfrontkeyvaluestore/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/localaws"
)

// keyValueStore is one store of an account, with a real client.
type keyValueStore struct {
	account
	localaws.KeyValueStore
	client *kvs.Client
}

func newKeyValueStore(t *testing.T, config localaws.KeyValueStoreConfig) keyValueStore {
	t.Helper()
	a := newAccount(t, localaws.Config{KeyValueStores: config})
	return keyValueStore{account: a, KeyValueStore: a.AddKeyValueStore(), client: kvs.NewFromConfig(a.config)}
}

func (s keyValueStore) etag(t *testing.T) string {
	t.Helper()
	out, err := s.client.DescribeKeyValueStore(context.Background(), &kvs.DescribeKeyValueStoreInput{KvsARN: &s.ARN})
	require.NoError(t, err)
	return *out.ETag
}

func (s keyValueStore) put(key, value, etag string) (string, error) {
	out, err := s.client.PutKey(context.Background(), &kvs.PutKeyInput{KvsARN: &s.ARN, Key: &key, Value: &value, IfMatch: &etag})
	if err != nil {
		return "", err
	}
	return *out.ETag, nil
}

func (s keyValueStore) delete(key, etag string) error {
	_, err := s.client.DeleteKey(context.Background(), &kvs.DeleteKeyInput{KvsARN: &s.ARN, Key: &key, IfMatch: &etag})
	return err
}

func (s keyValueStore) get(key string) (string, error) {
	out, err := s.client.GetKey(context.Background(), &kvs.GetKeyInput{KvsARN: &s.ARN, Key: &key})
	if err != nil {
		return "", err
	}
	return *out.Value, nil
}

func unlimitedKeyValues() localaws.KeyValueStoreConfig { return localaws.KeyValueStoreConfig{Rate: -1} }

func TestAKeyIsWrittenReadAndDeleted(t *testing.T) {
	t.Parallel()
	s := newKeyValueStore(t, unlimitedKeyValues())
	var changes []localaws.KeyValueChange
	s.OnKeyValueChange(func(c localaws.KeyValueChange) { changes = append(changes, c) })
	etag, err := s.put("E1 /ä", "one", s.etag(t))
	require.NoError(t, err)
	assert.Equal(t, etag, s.etag(t))
	value, err := s.get("E1 /ä")
	require.NoError(t, err)
	assert.Equal(t, "one", value)
	described, err := s.client.DescribeKeyValueStore(context.Background(), &kvs.DescribeKeyValueStoreInput{KvsARN: &s.ARN})
	require.NoError(t, err)
	assert.Equal(t, "READY", *described.Status)
	assert.Equal(t, s.ARN, *described.KvsARN)
	assert.Equal(t, int32(1), *described.ItemCount)
	assert.Equal(t, int64(len("E1 /ä")+len("one")), *described.TotalSizeInBytes)
	assert.True(t, described.Created.Equal(s.clock.Now()))

	require.NoError(t, s.delete("E1 /ä", etag))
	_, err = s.get("E1 /ä")
	requireRefused(t, err, 404, "ResourceNotFoundException", "")
	requireRefused(t, s.delete("E1 /ä", s.etag(t)), 404, "ResourceNotFoundException", "")
	one := "one"
	assert.Equal(t, []localaws.KeyValueChange{
		{Time: s.clock.Now(), Actor: "set-weight", Store: s.ARN, Key: "E1 /ä", After: &one},
		{Time: s.clock.Now(), Actor: "set-weight", Store: s.ARN, Key: "E1 /ä", Before: &one},
	}, changes)
	assert.Equal(t, 1, s.CallCounts()["cloudfront-keyvaluestore:PutKey"])
}

func TestTheETagIsOfTheWholeStoreAndNeverReturns(t *testing.T) {
	t.Parallel()
	s := newKeyValueStore(t, unlimitedKeyValues())
	seen := map[string]bool{}
	for i := range 20 {
		before := s.etag(t)
		require.False(t, seen[before])
		seen[before] = true
		_, err := s.put(fmt.Sprint("key", i%2), "the same", before)
		require.NoError(t, err)
		_, err = s.put("another", "x", before)
		requireRefused(t, err, 409, "ConflictException", "")
		requireRefused(t, s.delete("key0", before), 409, "ConflictException", "")
	}
	_, err := s.put("another", "x", s.ETag)
	requireRefused(t, err, 409, "ConflictException", "")
}

func TestAStaleWriteMayBeInvalidInstead(t *testing.T) {
	t.Parallel()
	s := newKeyValueStore(t, localaws.KeyValueStoreConfig{Rate: -1, StaleIsInvalid: true})
	before := s.etag(t)
	_, err := s.put("a", "1", before)
	require.NoError(t, err)
	_, err = s.put("a", "2", before)
	requireRefused(t, err, 400, "ValidationException", "")
	value, err := s.get("a")
	require.NoError(t, err)
	assert.Equal(t, "1", value)
}

func TestAStoreHasLimits(t *testing.T) {
	t.Parallel()
	s := newKeyValueStore(t, unlimitedKeyValues())
	_, err := s.put(strings.Repeat("k", 512), strings.Repeat("v", 1024), s.etag(t))
	require.NoError(t, err)
	for name, pair := range map[string][2]string{
		"a long key":             {strings.Repeat("k", 513), "v"},
		"a long key in bytes":    {strings.Repeat("é", 257), "v"},
		"a long value":           {"k", strings.Repeat("v", 1025)},
		"a long value, in bytes": {"k", strings.Repeat("é", 513)},
	} {
		_, err := s.put(pair[0], pair[1], s.etag(t))
		var invalid *types.ValidationException
		require.ErrorAs(t, err, &invalid, name)
	}
	_, err = s.put("k", "v", "")
	requireRefused(t, err, 400, "ValidationException", "")

	full := s.AddKeyValueStore()
	s.KeyValueStore = full
	for i := range 4901 {
		require.NoError(t, s.PutKeyValue(full.ARN, fmt.Sprintf("%04d", i), strings.Repeat("v", 1016)))
	}
	_, err = s.put("more", strings.Repeat("v", 1016), s.etag(t))
	requireRefused(t, err, 402, "ServiceQuotaExceededException", "")
	_, err = s.put("0000", strings.Repeat("w", 1016), s.etag(t))
	require.NoError(t, err, "a value may be replaced")
}

func TestAMissingStoreIsNotFound(t *testing.T) {
	t.Parallel()
	s := newKeyValueStore(t, unlimitedKeyValues())
	etag := s.etag(t)
	s.RemoveKeyValueStore(s.ARN)
	_, err := s.put("a", "1", etag)
	requireRefused(t, err, 404, "ResourceNotFoundException", "")
	_, err = s.get("a")
	requireRefused(t, err, 404, "ResourceNotFoundException", "")
	_, err = s.client.DescribeKeyValueStore(context.Background(), &kvs.DescribeKeyValueStoreInput{KvsARN: &s.ARN})
	requireRefused(t, err, 404, "ResourceNotFoundException", "")
}

func TestEachEdgeServesTheOldValueForAWhile(t *testing.T) {
	t.Parallel()
	s := newKeyValueStore(t, localaws.KeyValueStoreConfig{Rate: -1, Propagation: 8 * time.Second, Edges: 4})
	served := func() string {
		text := ""
		for edge := range s.KeyValueEdges() {
			value, exists := s.EdgeKeyValue(s.ARN, "a", edge)
			if !exists {
				value = "-"
			}
			text += value
		}
		return text
	}
	assert.Equal(t, "----", served())
	require.NoError(t, s.PutKeyValue(s.ARN, "a", "1"))
	assert.Equal(t, "----", served())
	s.clock.advance(2 * time.Second)
	assert.Equal(t, "1---", served())
	require.NoError(t, s.PutKeyValue(s.ARN, "a", "2"))
	s.clock.advance(2 * time.Second)
	assert.Equal(t, "21--", served(), "an edge may be two writes behind")
	require.NoError(t, s.DeleteKeyValue(s.ARN, "a"))
	s.clock.advance(4 * time.Second)
	assert.Equal(t, "--21", served())
	s.clock.advance(4 * time.Second)
	assert.Equal(t, "----", served())
	require.NoError(t, s.PutKeyValue(s.ARN, "a", "3"))
	s.clock.advance(8*time.Second - 1)
	assert.Equal(t, "333-", served())
	s.clock.advance(1)
	assert.Equal(t, "3333", served())
	value, _ := s.KeyValue(s.ARN, "a")
	assert.Equal(t, "3", value)
}

func TestKeysAreListedInPages(t *testing.T) {
	t.Parallel()
	s := newKeyValueStore(t, unlimitedKeyValues())
	for i := range 25 {
		require.NoError(t, s.PutKeyValue(s.ARN, fmt.Sprintf("%02d", i), fmt.Sprint(i)))
	}
	var sizes []int
	var keys []string
	pages := kvs.NewListKeysPaginator(s.client, &kvs.ListKeysInput{KvsARN: &s.ARN})
	for pages.HasMorePages() {
		page, err := pages.NextPage(context.Background())
		require.NoError(t, err)
		sizes = append(sizes, len(page.Items))
		for _, item := range page.Items {
			keys = append(keys, *item.Key+"="+*item.Value)
		}
	}
	assert.Equal(t, []int{10, 10, 5}, sizes)
	assert.Equal(t, "24=24", keys[24])
	_, err := s.client.ListKeys(context.Background(), &kvs.ListKeysInput{KvsARN: &s.ARN, MaxResults: aws.Int32(51)})
	requireRefused(t, err, 400, "ValidationException", "")
}

func TestKeyValueCallsAreThrottledAndFail(t *testing.T) {
	t.Parallel()
	s := newKeyValueStore(t, localaws.KeyValueStoreConfig{})
	require.NoError(t, s.PutKeyValue(s.ARN, "a", "1"))
	for range 10 {
		_, err := s.get("a")
		require.NoError(t, err)
	}
	_, err := s.get("a")
	requireRefused(t, err, 429, "ThrottlingException", "Rate exceeded")
	s.clock.advance(time.Second)
	s.Fault(func(c localaws.Call) error {
		assert.Equal(t, s.ARN, c.Resource)
		if c.Operation == "GetKey" {
			return localaws.AccessDenied(c)
		}
		return localaws.ServiceFailure(c.Service)
	})
	_, err = s.get("a")
	requireRefused(t, err, 403, "AccessDeniedException", "cloudfront-keyvaluestore:GetKey on resource: "+s.ARN)
	_, err = s.put("a", "2", "etag")
	requireRefused(t, err, 500, "InternalServerException", "")
}

// The client puts the account before the host, also before that of another endpoint.
func TestKeyValuesAreServedOnAPort(t *testing.T) {
	t.Parallel()
	s := newKeyValueStore(t, unlimitedKeyValues())
	server := httptest.NewServer(s.Cloud)
	defer server.Close()
	config := localaws.ClientConfig("operator", &http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			host, _, err := net.SplitHostPort(address)
			require.NoError(t, err)
			assert.Equal(t, "123456789012.localhost", host)
			return new(net.Dialer).DialContext(ctx, network, server.Listener.Addr().String())
		},
	}})
	_, port, err := net.SplitHostPort(server.Listener.Addr().String())
	require.NoError(t, err)
	config.BaseEndpoint = aws.String("http://localhost:" + port)
	s.client = kvs.NewFromConfig(config)
	_, err = s.put("a", "1", s.etag(t))
	require.NoError(t, err)
	value, err := s.get("a")
	require.NoError(t, err)
	assert.Equal(t, "1", value)
}

func TestOtherKeyValueRequestsAreNotImplemented(t *testing.T) {
	t.Parallel()
	s := newKeyValueStore(t, unlimitedKeyValues())
	_, err := s.client.UpdateKeys(context.Background(), &kvs.UpdateKeysInput{KvsARN: &s.ARN, IfMatch: aws.String("x")})
	requireRefused(t, err, 501, "NotImplemented", "")
	for _, path := range []string{"/", "/key-value-stores", "/key-value-stores/a/b", "/key-value-stores/a/keys/b/c"} {
		answer, _ := raw{service: "cloudfront-keyvaluestore", method: "GET", path: path}.send(t, s.account)
		assert.Equal(t, 501, answer.StatusCode, path)
	}
	answer, _ := raw{service: "cloudfront-keyvaluestore", method: "GET", path: "/key-value-stores/a?b=c"}.send(t, s.account)
	assert.Equal(t, 501, answer.StatusCode)
}
