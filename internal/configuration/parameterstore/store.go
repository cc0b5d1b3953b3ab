package parameterstore

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"sluice/internal/awserror"
	"sluice/internal/shift"
)

// API is what the Store calls of Systems Manager.
type API interface {
	GetParameter(context.Context, *ssm.GetParameterInput, ...func(*ssm.Options)) (*ssm.GetParameterOutput, error)
}

// Store reads parameters.
type Store struct{ api API }

// New is the Store of an account and region.
func New(api API) *Store { return &Store{api: api} }

// Configuration reads the text of a parameter. It returns
// shift.ErrConfigurationNotFound, shift.ErrThrottled, or, for a parameter that is not
// a String, shift.ErrConfigurationUnreadable. A SecureString is never decrypted: what
// is wrong with a configuration is told in causes and announcements, and a secret
// must not be.
func (s *Store) Configuration(ctx context.Context, name string) (string, error) {
	out, err := s.api.GetParameter(ctx, &ssm.GetParameterInput{Name: &name})
	var notFound *types.ParameterNotFound
	switch {
	case errors.As(err, &notFound):
		return "", fmt.Errorf("%w: there is no parameter %s in this account and region: create it, or name another one", shift.ErrConfigurationNotFound, name)
	case err != nil:
		return "", fmt.Errorf("read the parameter %s: %w", name, awserror.Meaning(err))
	case out.Parameter == nil:
		return "", fmt.Errorf("read the parameter %s: Systems Manager answered without it", name)
	case out.Parameter.Type != types.ParameterTypeString:
		return "", fmt.Errorf("%w: the parameter %s is a %s: make it a String", shift.ErrConfigurationUnreadable, name, shift.BoundText(string(out.Parameter.Type), 40))
	}
	return aws.ToString(out.Parameter.Value), nil
}
