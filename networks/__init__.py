"""What supernet and fixed network share: operations, cells, paths, the restorer (FRSNet and MFPSNet), losses."""
