package proof

import (
	"fmt"
	"testing"

	"sluice/internal/localaws"
)

func TestZZ(t *testing.T) {
	s := stackStories[0].start(t, localaws.CloudFormationConfig{})
	err := s.play(firstChoice)
	fmt.Println(err, s, s.verify("1", "2"))
}
