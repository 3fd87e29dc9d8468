"""Pictures in and out: reading, writing, lists of names, comparison pictures, PSNR and SSIM."""
