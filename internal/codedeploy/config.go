package codedeploy

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/sluice-aws/sluice/internal/request"
	"github.com/sluice-aws/sluice/internal/shift"
)

// GetDeploymentConfig asks what a deployment configuration means.
type GetDeploymentConfig struct {
	Name string `json:"deploymentConfigName"`
}

func (c *GetDeploymentConfig) check() error {
	if c.Name == "" {
		return newError("DeploymentConfigNameRequiredException", "deploymentConfigName is missing")
	}
	return nil
}

// configInfo has the members of CodeDeploy's that mean something for Lambda.
type configInfo struct {
	Name     string  `json:"deploymentConfigName"`
	Platform string  `json:"computePlatform"`
	Routing  routing `json:"trafficRoutingConfig"`
}

// routing is how traffic is shifted. CodeDeploy counts in whole percent and minutes.
type routing struct {
	Type   string  `json:"type"`
	Canary *canary `json:"timeBasedCanary,omitempty"`
	Linear *linear `json:"timeBasedLinear,omitempty"`
}

type canary struct {
	Percentage int `json:"canaryPercentage"`
	Interval   int `json:"canaryInterval"`
}

type linear struct {
	Percentage int `json:"linearPercentage"`
	Interval   int `json:"linearInterval"`
}

// config tells a strategy of Sluice's, or a configuration of the account's own, as CodeDeploy does.
func (s *Service) config(ctx context.Context, c *GetDeploymentConfig) (any, error) {
	strategy, err := s.strategy(ctx, c.Name)
	if err != nil {
		return nil, err
	}
	r, err := routingOf(strategy)
	if err != nil {
		return nil, err
	}
	if r.Type == "" {
		return nil, newError("InvalidDeploymentConfigNameException", "%q is a strategy that CodeDeploy has no words for: it has canaries, equal steps and all at once, in whole percent and whole minutes",
			shift.BoundText(c.Name, maxShown))
	}
	return map[string]any{"deploymentConfigInfo": configInfo{Name: c.Name, Platform: "Lambda", Routing: r}}, nil
}

// routingOf returns how a strategy of an input shifts traffic. Its type is empty for what CodeDeploy
// cannot do.
func routingOf(strategy json.RawMessage) (routing, error) {
	kind, steps, err := readStrategy(strategy)
	if err != nil {
		return routing{}, newError("InvalidDeploymentConfigNameException", "%v", err)
	}
	if kind == "AllAtOnce" {
		return routing{Type: "AllAtOnce"}, nil
	}
	const percent = shift.All / 100
	if len(steps) == 0 || steps[0].Weight%percent != 0 || steps[0].Bake%60 != 0 {
		return routing{}, nil
	}
	share, minutes := int(steps[0].Weight/percent), int(steps[0].Bake/60)
	switch kind {
	case "canary":
		return routing{Type: "TimeBasedCanary", Canary: &canary{share, minutes}}, nil
	case "linear":
		return routing{Type: "TimeBasedLinear", Linear: &linear{share, minutes}}, nil
	}
	return routing{}, nil
}

// readStrategy returns the kind of a strategy, which is a name or an object with one member, and its
// steps.
func readStrategy(strategy json.RawMessage) (kind string, steps []shift.Step, err error) {
	var name string
	if json.Unmarshal(strategy, &name) != nil {
		return readOwnStrategy(strategy)
	}
	if steps, err = request.Strategy(name); err != nil {
		return "", nil, err
	}
	short := strings.TrimPrefix(name, "CodeDeployDefault.Lambda")
	for prefix, kind := range map[string]string{"AllAtOnce": "AllAtOnce", "Canary": "canary", "Linear": "linear"} {
		if strings.HasPrefix(short, prefix) {
			return kind, steps, nil
		}
	}
	return "", steps, nil
}

// readOwnStrategy reads what Configs returns for a configuration of the account's own.
func readOwnStrategy(strategy json.RawMessage) (kind string, steps []shift.Step, err error) {
	var own struct {
		Canary *struct {
			Percent     shift.Weight  `json:"percent"`
			BakeMinutes shift.Seconds `json:"bakeMinutes"`
		} `json:"canary"`
		Linear *struct {
			Percent      shift.Weight  `json:"percent"`
			EveryMinutes shift.Seconds `json:"everyMinutes"`
		} `json:"linear"`
	}
	if err := json.Unmarshal(strategy, &own); err != nil {
		return "", nil, err
	}
	switch {
	case own.Canary != nil:
		return "canary", []shift.Step{{Weight: own.Canary.Percent, Bake: own.Canary.BakeMinutes * 60}}, nil
	case own.Linear != nil:
		return "linear", []shift.Step{{Weight: own.Linear.Percent, Bake: own.Linear.EveryMinutes * 60}}, nil
	}
	return "", nil, nil
}
