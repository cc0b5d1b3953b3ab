package parameterstore

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"github.com/sluice-aws/sluice/internal/awserror"
	"github.com/sluice-aws/sluice/internal/shift"
)

// API lists the Systems Manager calls that the Store makes.
type API interface {
	GetParameter(context.Context, *ssm.GetParameterInput, ...func(*ssm.Options)) (*ssm.GetParameterOutput, error)
}

// Store reads parameters.
type Store struct{ api API }

// New returns the Store of the client's account and region.
func New(api API) *Store { return &Store{api: api} }

// Configuration reads the text of a parameter. It returns shift.ErrConfigurationNotFound,
// shift.ErrThrottled, or shift.ErrConfigurationUnreadable for a parameter that is not a
// String. It never decrypts a SecureString, because causes and announcements describe the
// problems of a configuration and must not contain a secret.
func (s *Store) Configuration(ctx context.Context, name string) (string, error) {
	out, err := s.api.GetParameter(ctx, &ssm.GetParameterInput{Name: &name})
	var notFound *types.ParameterNotFound
	switch {
	case errors.As(err, &notFound):
		return "", fmt.Errorf("%w: there is no parameter %s in this account and region: create it, or name another one", shift.ErrConfigurationNotFound, name)
	case err != nil:
		return "", fmt.Errorf("read the parameter %s: %w", name, awserror.Meaning(err))
	case out.Parameter == nil:
		return "", fmt.Errorf("read the parameter %s: Systems Manager returned no parameter", name)
	case out.Parameter.Type != types.ParameterTypeString:
		return "", fmt.Errorf("%w: the parameter %s is a %s: make it a String", shift.ErrConfigurationUnreadable, name, shift.BoundText(string(out.Parameter.Type), 40))
	}
	return aws.ToString(out.Parameter.Value), nil
}
