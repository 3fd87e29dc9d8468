"""What supernets and fixed networks share: operations, cells, paths, the restorer (FRSNet and MFPSNet), losses."""
