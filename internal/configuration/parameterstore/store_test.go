package parameterstore_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sluice-aws/sluice/internal/configuration/parameterstore"
	"github.com/sluice-aws/sluice/internal/localaws"
	"github.com/sluice-aws/sluice/internal/shift"
)

// newStore returns a Store with the real SDK client, and the account that it calls.
func newStore(config localaws.Config) (*parameterstore.Store, *localaws.Cloud) {
	config.Now = func() time.Time { return time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC) }
	account := localaws.New(config)
	return parameterstore.FromConfig(localaws.ClientConfig("publish-version", account)), account
}

func TestAParameterIsRead(t *testing.T) {
	t.Parallel()
	store, account := newStore(localaws.Config{})
	account.PutParameter(localaws.Parameter{Name: "/sluice/orders", Value: "old"})
	account.PutParameter(localaws.Parameter{Name: "/sluice/orders", Value: `{"alias": "live"}`})
	var call localaws.Call
	account.OnCall(func(c localaws.Call) { call = c })
	text, err := store.Configuration(t.Context(), "/sluice/orders")
	require.NoError(t, err)
	assert.Equal(t, `{"alias": "live"}`, text)
	assert.Equal(t, []localaws.Permission{{Action: "ssm:GetParameter", Resource: "arn:aws:ssm:us-east-1:123456789012:parameter/sluice/orders"}}, call.Permissions())
}

func TestAMissingParameterIsNamed(t *testing.T) {
	t.Parallel()
	store, _ := newStore(localaws.Config{})
	_, err := store.Configuration(t.Context(), "/sluice/orders")
	require.ErrorIs(t, err, shift.ErrConfigurationNotFound)
	assert.ErrorContains(t, err, "there is no parameter /sluice/orders in this account and region: create it")
}

func TestASecretIsNotDecrypted(t *testing.T) {
	t.Parallel()
	store, account := newStore(localaws.Config{})
	account.PutParameter(localaws.Parameter{Name: "/sluice/orders", Type: localaws.SecureParameter, Value: "hunter2"})
	_, err := store.Configuration(t.Context(), "/sluice/orders")
	require.ErrorIs(t, err, shift.ErrConfigurationUnreadable)
	assert.ErrorContains(t, err, "/sluice/orders is a SecureString: make it a String")
	assert.NotContains(t, err.Error(), "hunter2")
}

func TestThrottlingIsDistinguishedFromOtherErrors(t *testing.T) {
	t.Parallel()
	store, account := newStore(localaws.Config{ParameterReadRate: 1})
	account.PutParameter(localaws.Parameter{Name: "/sluice/orders"})
	_, err := store.Configuration(t.Context(), "/sluice/orders")
	require.NoError(t, err)
	_, err = store.Configuration(t.Context(), "/sluice/orders")
	require.ErrorIs(t, err, shift.ErrThrottled)

	store, account = newStore(localaws.Config{})
	for _, fault := range []error{localaws.ServiceFailure("ssm"), localaws.AccessDenied(localaws.Call{Service: "ssm", Operation: "GetParameter"}), errors.New("connection reset")} {
		account.Fault(func(localaws.Call) error { return fault })
		_, err = store.Configuration(t.Context(), "/sluice/orders")
		require.ErrorContains(t, err, "read the parameter /sluice/orders: ")
		assert.NotErrorIs(t, err, shift.ErrThrottled)
		assert.NotErrorIs(t, err, shift.ErrConfigurationNotFound)
	}
}
