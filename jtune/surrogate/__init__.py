"""What is learnt from trials: jtune's Gaussian process, its acquisition function, effects of parameters."""
