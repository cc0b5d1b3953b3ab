// Package deploymentconfig reads the deployment configurations of CodeDeploy as strategies of
// Sluice. Configs.Strategy is the central method.
package deploymentconfig
