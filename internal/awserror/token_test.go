package awserror_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/aws/smithy-go"
	"github.com/stretchr/testify/assert"

	"github.com/sluice-aws/sluice/internal/awserror"
)

func TestARedactedErrorKeepsItsCodeAndLosesTheToken(t *testing.T) {
	t.Parallel()
	token := strings.Repeat("AQCEAAAA", 4) + "+" + strings.Repeat("qZ7xw3", 4) + "/x=="
	quoting := &smithy.GenericAPIError{Code: "ThrottlingException", Message: "slow down: " + token}
	redacted := awserror.Redact(quoting, token)
	assert.NotContains(t, redacted.Error(), strings.Repeat("AQCEAAAA", 4))
	assert.NotContains(t, redacted.Error(), strings.Repeat("qZ7xw3", 4))
	assert.True(t, awserror.IsThrottled(redacted))
	assert.NotErrorIs(t, redacted, error(quoting), "its text would still be accessible")

	assert.NotContains(t, awserror.Redact(errors.New("sent "+token), token).Error(), "AQCE")
	other := errors.New("no token in it")
	assert.Same(t, other, awserror.Redact(other, token))
	assert.Same(t, other, awserror.Redact(other, ""))
}

func TestAMissingPermissionHasTwoCodes(t *testing.T) {
	t.Parallel()
	for code, denied := range map[string]bool{"AccessDenied": true, "AccessDeniedException": true, "ThrottlingException": false} {
		assert.Equal(t, denied, awserror.IsAccessDenied(&smithy.GenericAPIError{Code: code}), code)
	}
	assert.False(t, awserror.IsAccessDenied(errors.New("no")))
}
