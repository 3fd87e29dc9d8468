"""Metrics of restored faces besides PSNR and SSIM, one file each: what is measured depends on the weights at hand."""
